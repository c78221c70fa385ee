/** The bridge of the real app: the only file that imports what Wails generates. */
import * as App from '../../wailsjs/go/app/App'
import { ClipboardSetText, EventsOn } from '../../wailsjs/runtime/runtime'
import type { Account, Bridge, Preview } from './bridge'
import { toAccount, toAccountEvent, toAccounts, toBrowsers, toEmailProviders, toFindings, toNotices, toPreview, toProduct, toSettings, toSignIn, toSuggestions, toUsedAccounts } from './decode'

function account(value: unknown): Account {
  const decoded = toAccount(value)
  if (decoded === null) throw new TypeError('an account without an identity')
  return decoded
}

function preview(value: unknown): Preview {
  const decoded = toPreview(value)
  if (decoded === null) throw new TypeError('a preview of nothing')
  return decoded
}

export const wailsBridge: Bridge = {
  preview: async (text) => preview(await App.Preview(text)),
  cancelPreview: () => App.CancelPreview(),
  suggest: async (text) => toSuggestions(await App.Suggest(text)),
  chooseSuggestions: (address) => App.ChooseSuggestions(address),
  login: async (identifier) => account(await App.Login(identifier)),
  loginWithEmail: async (email) => account(await App.LoginWithEmail(email)),
  accountForEmail: async (email) => toAccount(await App.AccountForEmail(email)),
  emailProviders: async () => toEmailProviders(await App.EmailProviders()),
  chooseEmailProvider: (address) => App.ChooseEmailProvider(address),
  cancel: () => App.Cancel(),
  whoami: async () => account(await App.Whoami()),
  accounts: async () => toAccounts(await App.Accounts()),
  switchTo: async (did) => account(await App.Switch(did)),
  renew: async (did) => account(await App.Renew(did)),
  raise: async (scopes) => account(await App.Raise(scopes)),
  logout: () => App.Logout(),
  logoutAll: () => App.LogoutAll(),
  check: () => App.Check(),
  recent: async () => toUsedAccounts(await App.Recent()),
  forget: (did) => App.Forget(did),
  notices: async () => toNotices(await App.Notices()),
  attempt: async () => toSignIn(await App.Attempt()),
  openBrowser: () => App.OpenBrowser(),
  copyLink: () => App.CopyLink(),
  browsers: async () => toBrowsers(await App.Browsers()),
  openIn: (browser) => App.OpenIn(browser),
  copyAddress: () => App.CopyAddress(),
  pasteAddress: (address) => App.PasteAddress(address),
  copyText: async (text) => {
    if (!(await ClipboardSetText(text))) throw new Error('the clipboard took nothing')
  },
  product: async () => toProduct(await App.Product()),
  settings: async () => toSettings(await App.Settings()),
  setTheme: (theme) => App.SetTheme(theme),
  diagnostics: async () => toFindings(await App.Diagnostics()),
  copyDiagnostics: () => App.CopyDiagnostics(),
  onSignIn: (listener) => {
    EventsOn('sign-in', (payload: unknown) => {
      const signIn = toSignIn(payload)
      if (signIn !== null) listener(signIn)
    })
  },
  onAccount: (listener) => {
    EventsOn('account', (payload: unknown) => {
      const event = toAccountEvent(payload)
      if (event !== null) listener(event)
    })
  },
  onNotices: (listener) => {
    EventsOn('notices', (payload: unknown) => listener(toNotices(payload)))
  },
}
