/**
 * Notices when the element that has the focus goes away: news from elsewhere can take away any button at any time. What
 * the person does here moves the focus itself, before this gets to look.
 */
export function keepFocus(view: HTMLElement, lost: () => void): () => void {
  let focused: Element | null = null
  const remember = (event: FocusEvent) => (focused = event.target as Element)
  const watch = new MutationObserver(() => {
    if (focused === null || focused.isConnected) return
    focused = null
    if (document.activeElement === document.body) lost()
  })
  view.addEventListener('focusin', remember)
  watch.observe(view, { childList: true, subtree: true })
  return () => {
    view.removeEventListener('focusin', remember)
    watch.disconnect()
  }
}
