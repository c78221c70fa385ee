import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, test } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { alice, notAServer, timedOut } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import SignIn from './SignIn.svelte'

let bridge: MockBridge
let store: Store

const box = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
const address = () => screen.getByRole<HTMLInputElement>('textbox', { name: "Server's address" })
const button = (name: string) => screen.getByRole('button', { name })
const noButton = (name: string | RegExp) => expect(screen.queryByRole('button', { name })).toBeNull()
const sent = () => bridge.asked.filter((call) => call.startsWith('login'))
const chosen = () => bridge.asked.filter((call) => call.startsWith('choose'))

async function show(provider = 'https://certified.one', ...known: string[]) {
  bridge.providers = { chosen: provider, known }
  await store.start()
  return render(SignIn, { store })
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})

describe('with a provider', () => {
  test('an email shows who will see it before anything is sent', async () => {
    await show()
    await userEvent.type(box(), 'alice@example.org')
    screen.getByText('certified.one')
    screen.getByText('New here? The same button makes your account.')
    expect(document.getElementById(box().getAttribute('aria-describedby')!)?.textContent).toBe(
      'certified.one sees your email address and mails the code',
    )
    noButton('Continue')
    expect(bridge.asked).not.toContain('accountForEmail alice@example.org')
    expect(sent()).toEqual([])
    await userEvent.click(button('Send me a code'))
    await waitFor(() => expect(sent()).toEqual(['loginWithEmail alice@example.org']))
    expect(button('Send me a code').getAttribute('aria-disabled')).toBe('true')
  })

  test('as an email is typed the card comes once and stays the same', async () => {
    await show()
    const seen: boolean[] = []
    const cards = new Set<Element>()
    for (const letter of 'jürgen+x@bücher.example') {
      await userEvent.type(box(), letter)
      const card = screen.queryByText('certified.one')
      seen.push(card !== null)
      if (card !== null) cards.add(card)
    }
    expect(seen.lastIndexOf(false)).toBe('jürgen+x@'.length - 1)
    expect(cards.size).toBe(1)
  })

  test.each(['alice.test', '@alice.test', 'did:plc:ewvi7nxzyoun6zhxrhs64oiz', 'https://bsky.app/profile/@alice'])(
    'for %s nothing is said of a provider',
    async (text) => {
      await show()
      await userEvent.type(box(), text)
      button('Continue')
      expect(screen.queryByText('certified.one')).toBeNull()
    },
  )

  test('a failure stands beside the card, and the same button tries again', async () => {
    bridge.refusals.loginWithEmail = timedOut
    await show()
    await userEvent.type(box(), 'alice@example.org{Enter}')
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(timedOut.message))
    expect(box().value).toBe('alice@example.org')
    expect(box().getAttribute('aria-describedby')).toBe(screen.getByRole('alert').id)
    await userEvent.click(button('Send me a code'))
    await waitFor(() => expect(sent()).toHaveLength(2))
  })

  test('another one can be chosen instead', async () => {
    await show()
    await userEvent.type(box(), 'alice@example.org')
    await userEvent.click(button('Change'))
    expect(document.activeElement).toBe(address())
    noButton('Send me a code')
    await userEvent.keyboard('mail.example{Enter}')
    await waitFor(() => expect(document.activeElement).toBe(button('Send me a code')))
    expect(chosen()).toEqual(['chooseEmailProvider mail.example'])
    screen.getByText('mail.example')
    expect(sent()).toEqual([])
  })

  test.each([
    ['Escape', () => userEvent.keyboard('{Escape}')],
    ['the button', () => userEvent.click(button('Keep certified.one'))],
  ])('keeping it, by %s, changes nothing', async (_, keep) => {
    await show()
    await userEvent.type(box(), 'alice@example.org')
    await userEvent.click(button('Change'))
    await userEvent.keyboard('mail.example')
    await keep()
    await waitFor(() => expect(document.activeElement).toBe(button('Change')))
    screen.getByText('certified.one')
    expect(chosen()).toEqual([])
  })

  test('whoever types on in the box keeps the focus there', async () => {
    await show()
    await userEvent.type(box(), 'alice@example.org')
    await userEvent.click(button('Change'))
    await userEvent.type(box(), 's{Escape}')
    button('Send me a code')
    expect(document.activeElement).toBe(box())
  })
})

describe('without a provider', () => {
  test('asks for one, guesses none and sends nothing', async () => {
    await show('', 'https://one.example', 'https://two.example')
    await userEvent.type(box(), 'alice@example.org')
    expect(document.activeElement).toBe(box())
    const group = screen.getByRole('group', { name: 'Who may mail you the code?' })
    const radios = within(group).getAllByRole<HTMLInputElement>('radio')
    expect(radios.map((radio) => radio.checked)).toEqual([false, false])
    expect(address().value).toBe('')
    expect(button('Use this server').getAttribute('aria-disabled')).toBe('true')
    noButton('Send me a code')
    noButton(/^Keep/)
    await userEvent.keyboard('{Enter}')
    expect(document.activeElement).toBe(radios[0])
    await userEvent.keyboard('{Escape}')
    button('Use this server')
    expect([...sent(), ...chosen()]).toEqual([])
  })

  test('with none known there is only the box', async () => {
    await show('')
    await userEvent.type(box(), 'alice@example.org')
    expect(screen.queryByRole('radio')).toBeNull()
    await userEvent.click(button('Use this server'))
    expect(document.activeElement).toBe(address())
    expect(chosen()).toEqual([])
  })

  test('a known one fills in its address, and typing another one lets go of it', async () => {
    await show('', 'https://one.example')
    await userEvent.type(box(), 'alice@example.org')
    const radio = screen.getByRole<HTMLInputElement>('radio', { name: 'one.example' })
    await userEvent.click(radio)
    expect(address().value).toBe('one.example')
    await userEvent.type(address(), ':8443')
    expect(radio.checked).toBe(false)
    await userEvent.click(radio)
    await userEvent.click(button('Use this server'))
    expect(chosen()).toEqual(['chooseEmailProvider one.example'])
    await waitFor(() => expect(document.activeElement).toBe(button('Send me a code')))
    screen.getByText('one.example')
  })

  test('while the server is checked, nothing can be pressed or typed', async () => {
    let answer = (_origin: string) => {}
    bridge.chooseEmailProvider = () => new Promise((resolve) => (answer = resolve))
    await show('')
    await userEvent.type(box(), 'alice@example.org')
    await userEvent.type(address(), 'mail.example{Enter}')
    screen.getByText('Checking that server')
    expect(button('Use this server').getAttribute('aria-disabled')).toBe('true')
    expect(address().readOnly).toBe(true)
    answer('https://mail.example')
    await screen.findByText('mail.example')
  })

  test('a server that is none is refused there, and its address kept', async () => {
    bridge.refusals.chooseEmailProvider = notAServer
    await show('')
    await userEvent.type(box(), 'alice@example.org')
    await userEvent.type(address(), 'nonsense{Enter}')
    await waitFor(() => expect(screen.getByText(notAServer.message).getAttribute('role')).toBe('alert'))
    expect(address().getAttribute('aria-describedby')).toBe(screen.getByText(notAServer.message).id)
    expect(address().value).toBe('nonsense')
    await waitFor(() => expect(document.activeElement).toBe(address()))
    expect([address().selectionStart, address().selectionEnd]).toEqual([0, 'nonsense'.length])
    expect(store.failure).toBeNull()
  })
})

describe('somebody is signed in with the email already', () => {
  beforeEach(async () => {
    bridge.known = alice
    await show()
    bridge.account = alice
    await userEvent.type(box(), 'alice@example.org{Enter}')
    await screen.findByText('You are signed in with this email as alice.test.')
  })

  test('that account is offered first', async () => {
    expect(sent()).toEqual([])
    noButton('Send me a code')
    expect(document.activeElement).toBe(button('Go on as alice.test'))
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(store.account).toEqual(alice))
    expect(sent()).toEqual([])
  })

  test('a code can be sent anyway', async () => {
    await userEvent.click(button('Send me a code anyway'))
    await waitFor(() => expect(sent()).toEqual(['loginWithEmail alice@example.org']))
  })

  test('another text takes the offer away', async () => {
    await userEvent.type(box(), 's')
    noButton('Go on as alice.test')
    button('Send me a code')
  })
})

test('what comes from outside is text', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  bridge.known = { ...alice, handle: markup }
  await show(markup, `${markup}!`)
  await userEvent.type(box(), '<b>a<b>@<img>')
  screen.getByText(markup)
  await userEvent.click(button('Change'))
  screen.getByRole('radio', { name: `${markup}!` })
  await userEvent.click(button(`Keep ${markup}`))
  await userEvent.click(button('Send me a code'))
  await screen.findByText(`You are signed in with this email as ${markup}.`)
  expect(document.querySelector('img, b')).toBeNull()
})
