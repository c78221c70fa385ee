// Opens a page in Chromium and waits for what is asked of it.
//
//   page.mjs FOLDER URL      the folder has playwright-core among its packages
//
// Each line of standard input is a script's expression; it is answered with "yes" once it is true in the page. At the
// end of the input come the errors that the page wrote to its console, one a line.

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [folder, url] = process.argv.slice(2)
const { chromium } = createRequire(`${folder}/`)('playwright-core')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 480, height: 720 } })
const errors = []
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
page.on('pageerror', (error) => errors.push(error.stack))
await page.goto(url)
for await (const line of createInterface({ input: process.stdin })) {
  const [, shot, expression] = line.match(/^(?:shoot (\S+))?(.*)$/)
  if (shot) await page.screenshot({ path: shot })
  else await page.waitForFunction(expression, undefined, { timeout: 60_000 })
  console.log('yes')
}
for (const error of errors) console.log(error)
await browser.close()
