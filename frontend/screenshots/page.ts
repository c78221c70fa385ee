/**
 * The checks that run inside the page that is looked at, in a world of their own: the page's clock stands still there
 * and is nobody's here. Each answers with what is wrong, as the element and what about it.
 */

export interface Flaw {
  rule: string
  where: string
  what: string
}

/** A name to find an element by. */
function name(node: Node | null): string {
  const element = node instanceof Element ? node : (node?.parentElement ?? null)
  if (element === null) return 'something that is gone'
  const id = element.id === '' ? '' : `#${element.id}`
  const classes = [...element.classList].filter((one) => !one.startsWith('svelte-')).map((one) => `.${one}`)
  const text = (element.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 40)
  return `<${element.localName}${id}${classes.join('')}>${text === '' ? '' : ` "${text}"`}`
}

/** What is hidden from the eye and left to those who hear the page. */
function unseen(element: Element): boolean {
  return !element.checkVisibility({ visibilityProperty: true }) || element.closest('svg') !== null || getComputedStyle(element).clipPath === 'inset(50%)'
}

function elements(): Element[] {
  return [...document.body.querySelectorAll('*')].filter((element) => !unseen(element))
}

/** Two frames: what was changed before the call has been drawn. */
function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))
}

let changed = false
let pressed = false
let lastHeading = document.querySelector('h1')
const moves: LayoutShift[] = []
const observer = new PerformanceObserver((list) => moves.push(...(list.getEntries() as LayoutShift[])))
observer.observe({ type: 'layout-shift', buffered: true })
new MutationObserver(() => (changed = true)).observe(document, { attributes: true, characterData: true, childList: true, subtree: true })
for (const press of ['click', 'input', 'submit']) addEventListener(press, () => (pressed = true), true)

interface LayoutShift extends PerformanceEntry {
  value: number
  sources: Source[]
}

interface Source {
  node: Node | null
  previousRect: DOMRectReadOnly
  currentRect: DOMRectReadOnly
}

/** A centred text that changes starts elsewhere, and has not moved. */
function grown({ previousRect: before, currentRect: now }: Source): boolean {
  return before.y === now.y && now.width > 0 && Math.abs(before.x + before.right - now.x - now.right) < 2
}

/** Whether something changed since the last call. */
export function hasChanged(): boolean {
  const answer = changed
  changed = false
  return answer
}

/**
 * What moved by itself since the last call. A press or a key may move things, for the person expects that something
 * happens; and so may a view, with a heading of its own, that takes the place of another.
 */
export async function jumps(): Promise<Flaw[]> {
  await drawn()
  moves.push(...(observer.takeRecords() as LayoutShift[]))
  const flaws: Flaw[] = []
  for (const { value, sources } of moves.splice(0)) {
    const moved = sources.filter((source) => !grown(source))
    if (moved.length === 0) continue
    const where = moved.map(({ node }) => name(node)).join(', ')
    const ways = moved.map(({ previousRect, currentRect }) => `${place(previousRect)} to ${place(currentRect)}`).join(', ')
    flaws.push({ rule: 'layout-shift', where, what: `moves by ${value.toFixed(4)}: ${ways}` })
  }
  const heading = document.querySelector('h1')
  const expected = pressed || heading !== lastHeading
  pressed = false
  lastHeading = heading
  return expected ? [] : flaws
}

function place({ x, y, width, height }: DOMRectReadOnly): string {
  return `${width}x${height}+${x}+${y}`
}

/** What does not fit into the window, or into its own box. */
export function cutOff(): Flaw[] {
  const flaws: Flaw[] = []
  const root = document.documentElement
  if (root.scrollWidth > innerWidth) flaws.push({ rule: 'too-wide', where: '<html>', what: `is ${root.scrollWidth} px wide` })
  for (const element of elements()) {
    const { left, right } = element.getBoundingClientRect()
    if (left < -0.5 || right > innerWidth + 0.5) {
      flaws.push({ rule: 'outside', where: name(element), what: `reaches from ${left} to ${right} px` })
    }
    const style = getComputedStyle(element)
    if (element instanceof HTMLInputElement && style.textOverflow !== 'ellipsis' && placeholderWidth(element, style) > element.clientWidth) {
      flaws.push({ rule: 'cut-off', where: name(element), what: `has no room for its placeholder "${element.placeholder}"` })
    }
    if (style.display === 'inline' || elided(element, style)) continue
    if (squeezed(element, style)) flaws.push({ rule: 'squeezed', where: name(element), what: `is ${element.clientWidth} px wide` })
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element
    // Boxes may stick out of a box that cuts nothing off, for the eye's sake; text may not.
    if (scrollWidth > clientWidth && (style.overflowX !== 'visible' || hasText(element))) {
      flaws.push({ rule: 'cut-off', where: name(element), what: `has ${scrollWidth} px in a box ${clientWidth} px wide` })
    }
    if (['hidden', 'clip'].includes(style.overflowY) && scrollHeight > clientHeight) {
      flaws.push({ rule: 'cut-off', where: name(element), what: `has ${scrollHeight} px in a box ${clientHeight} px high` })
    }
  }
  return flaws
}

/** A text in so narrow a column that its words fall apart. */
function squeezed(element: Element, style: CSSStyleDeclaration): boolean {
  const size = parseFloat(style.fontSize)
  return hasText(element) && element.clientWidth < 4 * size && element.clientHeight > 6 * size
}

function hasText(element: Element): boolean {
  return [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== '')
}

/** What may be cut: a name that somebody made up (IdentityCard, WhoBox), with an ellipsis; and a text being typed, which scrolls. */
function elided(element: Element, style: CSSStyleDeclaration): boolean {
  return style.textOverflow === 'ellipsis' ? element.matches('.made-up, #suggestions .name') : element.matches('input, textarea')
}

function placeholderWidth({ placeholder, value }: HTMLInputElement, style: CSSStyleDeclaration): number {
  if (value !== '') return 0
  const pen = document.createElement('canvas').getContext('2d')!
  pen.font = style.font
  return pen.measureText(placeholder).width + parseFloat(style.paddingLeft) + parseFloat(style.paddingRight)
}

/** What moves though the person asked for stillness. */
export function motion(): Flaw[] {
  const flaws: Flaw[] = []
  for (const element of elements()) {
    const { animationName, animationDuration, transitionDuration } = getComputedStyle(element)
    const longest = Math.max(...[animationName === 'none' ? '0s' : animationDuration, transitionDuration].join().split(',').map(parseFloat))
    if (longest > 0.01) flaws.push({ rule: 'motion', where: name(element), what: `moves for ${longest} s` })
  }
  for (const { effect, playState } of document.getAnimations()) {
    if (playState !== 'running' || Number(effect?.getTiming().duration) <= 10) continue
    flaws.push({ rule: 'motion', where: name((effect as KeyframeEffect).target), what: 'runs an animation' })
  }
  return flaws
}

const stops = new Map<Element, string>()

/** Notes what has the focus now and how it looks; false when the focus has been there before. */
export function stop(): boolean {
  const element = document.activeElement ?? document.body
  if (stops.has(element)) return false
  stops.set(element, look(element))
  return true
}

function look(element: Element): string {
  const { outline, outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(element)
  return [outlineStyle === 'none' || outlineWidth === '0px' ? '' : outline, boxShadow, borderColor].join(' / ')
}

/** Which of the elements that can be used the focus did not come to, or came to without a visible sign. */
export function focusFlaws(): Flaw[] {
  const flaws: Flaw[] = []
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  for (const [element, focused] of stops) {
    // The body, and a heading that has the focus only to be heard.
    if ((element as HTMLElement).tabIndex < 0) continue
    if (look(element) === focused) flaws.push({ rule: 'focus', where: name(element), what: 'looks the same with the focus and without' })
  }
  const reached = (element: Element) =>
    stops.has(element) || (element instanceof HTMLInputElement && element.type === 'radio' && [...stops.keys()].some((one) => one instanceof HTMLInputElement && one.name === element.name))
  for (const element of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    if (!unseen(element) && !reached(element)) flaws.push({ rule: 'keyboard', where: name(element), what: 'is not reached with the Tab key' })
  }
  stops.clear()
  return flaws
}
