/** Clocks for components: a deadline that comes closer, and the time of day. */

export interface TimeLeft {
  /** Null without a deadline. */
  readonly current: { minutes: number; seconds: number } | null
}

/** Counts down to a deadline once a second, for as long as there is one and the component lives. */
export function timeLeft(deadline: () => string): TimeLeft {
  let now = $state(Date.now())
  const end = $derived(Date.parse(deadline()))

  $effect(() => {
    if (Number.isNaN(end)) return
    now = Date.now()
    const timer = setInterval(() => (now = Date.now()), 1000)
    return () => clearInterval(timer)
  })

  return {
    get current() {
      if (Number.isNaN(end)) return null
      const seconds = Math.max(0, Math.ceil((end - now) / 1000))
      return { minutes: Math.floor(seconds / 60), seconds: seconds % 60 }
    },
  }
}

/** The time, looked at once a minute for as long as the component lives: enough for dates. */
export function minutes(): { readonly now: number } {
  let now = $state(Date.now())
  $effect(() => {
    const timer = setInterval(() => (now = Date.now()), 60_000)
    return () => clearInterval(timer)
  })
  return {
    get now() {
      return now
    },
  }
}
