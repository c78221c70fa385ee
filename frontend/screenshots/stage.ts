/**
 * One scene in one page: the page's clock stands still but for `play`, so that the scene is the same every time, and
 * what is measured is measured in a world of its own, whose clock goes on.
 */
import axe, { type AxeResults } from 'axe-core'
import type { Browser, CDPSession, Page } from 'playwright-core'
import type * as inside from './page'
import type { Flaw } from './page'

export interface Dress {
  theme: 'light' | 'dark'
  width: number
  height: number
}

/** A Monday morning. */
const start = new Date('2026-03-09T09:30:00Z')
/** How much of the page's time passes between two looks at it, in milliseconds. */
const step = 100

export class Stage {
  readonly page: Page
  /** What the page said and asked for that it should not have. */
  readonly noise: Flaw[] = []

  #devtools: CDPSession
  #world = 0

  private constructor(page: Page, devtools: CDPSession) {
    this.page = page
    this.#devtools = devtools
  }

  /** Opens a scene, with text so many times as large as usual. */
  static async open(browser: Browser, url: string, dress: Dress, zoom: number): Promise<Stage> {
    // A context of its own: all pages of a context have one clock.
    const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC' })
    const page = await context.newPage()
    const stage = new Stage(page, await context.newCDPSession(page))
    stage.#listen(new URL(url).origin)
    // It runs until it stands still, and can't be set back.
    await page.clock.install({ time: start.getTime() - 86_400_000 })
    await page.clock.pauseAt(start)
    await stage.dress(dress)
    await page.addInitScript((zoom) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(`:root { font-size: ${zoom * 100}% }`)
      document.adoptedStyleSheets.push(sheet)
    }, zoom)
    await page.goto(url)
    await page.locator('main').waitFor()
    const { frameTree } = await stage.#devtools.send('Page.getFrameTree')
    const world = await stage.#devtools.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id })
    stage.#world = world.executionContextId
    await stage.#evaluate(`import('/page.js').then((inside) => { globalThis.inside = inside })`)
    return stage
  }

  async dress({ theme, width, height }: Dress): Promise<void> {
    await this.page.setViewportSize({ width, height })
    await this.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }

  #listen(origin: string): void {
    this.page.on('console', (message) => {
      const { url } = message.location()
      // Every browser asks for this picture; the window does not.
      if (['error', 'warning'].includes(message.type()) && !url.endsWith('/favicon.ico')) this.#note('console', url, message.text())
    })
    this.page.on('pageerror', (error) => this.#note('error', 'the page', error.message))
    this.page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url())
      if (protocol !== 'data:' && asked !== origin) this.#note('remote', request.url(), 'was asked for')
    })
  }

  #note(rule: string, where: string, what: string): void {
    this.noise.push({ rule, where, what })
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#devtools.send('Runtime.evaluate', {
      contextId: this.#world,
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Runs one of the checks of page.ts. */
  async ask<Name extends keyof typeof inside>(name: Name): Promise<Awaited<ReturnType<(typeof inside)[Name]>>> {
    return (await this.#evaluate(`inside.${name}()`)) as Awaited<ReturnType<(typeof inside)[Name]>>
  }

  /** What jumped until now was our doing. */
  async forget(): Promise<void> {
    await this.ask('jumps')
  }

  /** Lets so many milliseconds pass in the page, and says what jumped meanwhile. */
  async play(milliseconds: number): Promise<Flaw[]> {
    const jumps = await this.ask('jumps')
    for (let passed = 0; passed < milliseconds; passed += step) {
      await this.page.clock.runFor(step)
      if (await this.ask('hasChanged')) jumps.push(...(await this.ask('jumps')))
    }
    return [...jumps, ...(await this.ask('jumps'))]
  }

  /**
   * What axe-core calls serious or critical. One of its rules wants all of a button's text in its name, where a part
   * that describes the button (aria-describedby) is heard after it.
   */
  async axe(): Promise<Flaw[]> {
    await this.#evaluate(axe.source)
    const { violations } = (await this.#evaluate(`axe.run(document, { resultTypes: ['violations'] })`)) as AxeResults
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, help, nodes }) => nodes.map(({ html }) => ({ rule: `axe ${id}`, where: html, what: help })))
      .filter(({ rule, where }) => rule !== 'axe label-content-name-mismatch' || !where.includes('aria-describedby'))
  }

  /** Goes through the page with the Tab key. */
  async focus(): Promise<Flaw[]> {
    while (await this.ask('stop')) await this.page.keyboard.press('Tab')
    return this.ask('focusFlaws')
  }

  /** What can be used and has no name for those who hear the page. */
  async nameless(): Promise<Flaw[]> {
    const { nodes } = await this.#devtools.send('Accessibility.getFullAXTree')
    return nodes
      .filter(({ ignored, role, name, properties }) => {
        const focusable = properties?.some((one) => one.name === 'focusable' && one.value.value === true)
        return !ignored && focusable && role?.value !== 'RootWebArea' && !name?.value
      })
      .map(({ role }) => ({ rule: 'name', where: `a ${role?.value}`, what: 'has no accessible name' }))
  }
}
