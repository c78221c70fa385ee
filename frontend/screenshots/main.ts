/**
 * Takes a picture of every scene in every look, and checks each of them: `npm run screenshots`. Only some scenes with
 * `npm run screenshots -- NAME...`; with `-- --readme` the pictures of the README are renewed too.
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { build, preview } from 'vite'
import { sceneNames } from '../src/bridge/scenes'
import type { Flaw } from './page'
import { Stage, type Dress } from './stage'

const folder = '../build/screenshots'
const readme = '../build/pictures'
/** A picture of the README, and whose copy it is. */
const copies = { 'sign-in.png': 'preview-light-480.png', 'account.png': 'account-named-light-480.png' }

/** Pages at a time: two processors draw them, and each waits for frames most of the time. */
const pages = 4
/** How long a scene is played before its picture is taken, and afterwards, in milliseconds: what changes by itself has. */
const before = 3000
const after = 5000

interface Size {
  name: string
  width: number
  height: number
}

interface Sitting {
  sizes: Size[]
  themes: Dress['theme'][]
  /** How many times as large as usual the text is. */
  zoom: number
  language: string
}

const own: Size = { name: '480', width: 480, height: 720 }
const wide: Size = { name: '1600', width: 1600, height: 1000 }
const narrow: Size = { name: '360', width: 360, height: 640 }

/** Each scene is loaded once for each of these, at the first size. */
const sittings: Sitting[] = [
  { sizes: [own, wide], themes: ['light', 'dark'], zoom: 1, language: 'en' },
  { sizes: [narrow], themes: ['light', 'dark'], zoom: 1, language: 'en' },
  { sizes: [{ ...narrow, name: '360-text-200' }], themes: ['light'], zoom: 2, language: 'en' },
  { sizes: [{ ...narrow, name: '360-german' }], themes: ['light'], zoom: 1, language: 'de' }, // its words are long
]

const hints: Readonly<Record<string, string>> = {
  'layout-shift': 'reserve the room of what comes late (min-height)',
  'too-wide': 'find what does not wrap',
  outside: 'let it wrap or shrink (min-width: 0)',
  'cut-off': 'let it wrap or grow; page.ts lists what may be elided',
  squeezed: 'let what stands beside it wrap',
  motion: 'switch it off under prefers-reduced-motion',
  focus: 'give it an outline under :focus-visible',
  keyboard: 'use a button, or take the tabindex away',
  name: 'give it a text, a label or an aria-label',
  remote: 'serve it from the front end',
}

/** Where something may move by itself, and why. */
const mayMove: readonly [where: RegExp, why: string][] = [
  [/^preview-(mismatch|lookalike|hostile), /, 'a warning takes the room it needs and the button gives way: nobody should press it unread'],
  [/^email-no-browser, /, 'that no browser could be opened is said with a link, whose room nobody keeps'],
]

const flaws = new Map<string, number>()
let pictures = 0

/** Says once what is wrong, and where it was seen. */
function report(scene: string, theme: string, size: string, found: Flaw[]): void {
  const picture = `${scene}, ${theme}, ${size}`
  for (const { rule, where, what } of found) {
    if (rule === 'layout-shift' && mayMove.some(([where]) => where.test(picture))) continue
    flaws.set(rule, (flaws.get(rule) ?? 0) + 1)
    const hint = hints[rule] === undefined ? '' : ` (${hints[rule]})`
    console.error(`${picture}: ${rule}: ${where} ${what}${hint}`)
  }
}

async function sit(browser: Browser, address: string, scene: string, { sizes, themes, zoom, language }: Sitting): Promise<void> {
  const [first, theme] = [sizes[0]!, themes[0]!]
  const stage = await Stage.open(browser, `${address}?state=${scene}&language=${language}`, { ...first, theme }, zoom)
  report(scene, theme, first.name, await stage.play(before))
  for (const size of sizes) {
    for (const theme of themes) {
      await stage.dress({ ...size, theme })
      await stage.page.screenshot({ path: join(folder, `${scene}-${theme}-${size.name}.png`), fullPage: true, animations: 'disabled' })
      pictures++
      report(scene, theme, size.name, await stage.ask('cutOff'))
      if (size === first) report(scene, theme, size.name, await stage.axe())
    }
  }
  await stage.forget()
  report(scene, theme, first.name, await stage.play(after))
  report(scene, theme, first.name, [...(await stage.ask('motion')), ...(await stage.nameless()), ...(await stage.focus()), ...stage.noise])
  await stage.close()
}

/** Builds the front end with the mock, under the policy of every build, and page.ts beside it. */
async function make(site: string): Promise<void> {
  process.env.NODE_ENV = 'development'
  await build({
    mode: 'development',
    logLevel: 'warn',
    build: {
      outDir: site,
      emptyOutDir: true,
      rolldownOptions: {
        input: { index: 'index.html', page: 'screenshots/page.ts' },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
  })
}

async function main(args: string[]): Promise<void> {
  const named = args.filter((arg) => arg !== '--readme')
  const scenes = sceneNames.filter((scene) => named.length === 0 || named.includes(scene))
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const site = await mkdtemp(join(tmpdir(), 'latchkey-screenshots-'))
  await make(site)
  const server = await preview({ preview: { host: '127.0.0.1', port: 0 }, build: { outDir: site }, logLevel: 'warn' })
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const address = server.resolvedUrls!.local[0]!
    const jobs = scenes.flatMap((scene) => sittings.map((sitting) => () => sit(browser, address, scene, sitting)))
    const worker = async () => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job()
    }
    await Promise.all(Array.from({ length: pages }, worker))
  } finally {
    await browser.close()
    await server.close()
    await rm(site, { recursive: true })
  }
  if (args.includes('--readme')) {
    await mkdir(readme, { recursive: true })
    for (const [copy, picture] of Object.entries(copies)) await copyFile(join(folder, picture), join(readme, copy))
  }
  const count = (matches: (rule: string) => boolean) => [...flaws].reduce((sum, [rule, times]) => (matches(rule) ? sum + times : sum), 0)
  const violations = count((rule) => rule.startsWith('axe'))
  const shifts = count((rule) => rule === 'layout-shift')
  const others = count(() => true) - violations - shifts
  console.log(`${pictures} pictures of ${scenes.length} scenes; axe violations: ${violations}, layout shifts: ${shifts}, other flaws: ${others}`)
  process.exitCode = flaws.size === 0 ? 0 : 1
}

await main(process.argv.slice(2))
