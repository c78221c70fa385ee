// The person at the pages of the email provider, which come before the consent page of its PDS.
//
//   DEVNET_EMAIL         the email, typed when asked and picked when offered
//   DEVNET_MAIL          the URL where the mailed codes are (email/mail.mjs)
//   DEVNET_NEW_HANDLE    the name to choose for a new account, without its domain; a random one when empty
//   DEVNET_WRONG_CODES   how many wrong codes to type before the right one
//
// The names of the pages are email, code, chooser, choose-handle and ended: the last is where a request ends that
// is dead, and so is the visit.

const { DEVNET_MAIL: mail, DEVNET_NEW_HANDLE: newHandle, DEVNET_WRONG_CODES: wrongCodes = '0' } = process.env

// passEmailPages answers whether the consent page has come.
export async function passEmailPages({ page, email, action, seen }) {
  const main = page.locator('main[data-page]')
  const consent = page.getByRole('button', { name: 'Authorize', exact: true })
  const alert = main.getByRole('alert')
  const button = (name) => main.getByRole('button', { name, exact: true })
  let wrong = Number(wrongCodes)
  const answered = new Set()

  const answers = {
    async email() {
      await page.locator('#email').fill(email)
      await button('Continue').click()
    },
    async code() {
      const code = await mailedCode(email)
      await page.locator('.otp-box').first().click()
      await page.keyboard.type(wrong > 0 ? other(code) : code)
      if (wrong-- > 0) answered.delete('code') // to be told so is no surprise
    },
    async chooser() {
      const account = main.getByRole('button').filter({ hasText: email })
      await ((await account.count()) > 0 ? account : button('Use another account')).click()
    },
    async 'choose-handle'() {
      if (!newHandle) return button('Use a random handle').click()
      await page.locator('#handle').fill(newHandle)
      await button('Create account').click()
    },
  }

  for (;;) {
    await main.or(consent).first().waitFor()
    if (await consent.isVisible()) return true
    const name = await main.getAttribute('data-page')
    await seen(name)
    if (name === 'ended' || action === 'leave') return false
    if (answered.has(name) && (await alert.isVisible())) throw new Error(`the page refused: ${await alert.innerText()}`)
    answered.add(name)
    const next = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame())
    await Promise.all([next, answers[name]()])
  }
}

async function mailedCode(email) {
  const response = await fetch(`${mail}?${new URLSearchParams({ to: email })}`)
  const { code, error } = await response.json()
  if (!code) throw new Error(`no code: ${error ?? 'the last mail has none'}`)
  return code
}

// other is a code that is not the one.
const other = (code) => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0')
