/** Some sentences have a subject, such as the server that an account moved to. It is empty where nobody knows it. */
export type Sentence = string | ((subject: string) => string)

/** English, which the product is written in. */
export const en = {
  /** What the words are written in: a BCP 47 tag, and where its lines begin. */
  language: 'en',
  direction: 'ltr' as 'ltr' | 'rtl',

  starting: 'Just a moment',
  copied: 'Copied',
  version: (name: string, version: string) => `${name} ${version}`.trim(),
  unexpected: 'Something went wrong inside the app. Try again; if it happens again, restart it.',

  trouble: {
    title: 'The app could not start',
    again: 'Try again',
    hint: 'If it stays so, close the app and open it again.',
  },
  notices: {
    hide: 'Hide',
  },
  signIn: {
    title: 'Sign in',
    addTitle: 'Add an account',
    lead: "With your handle, your email, or your server's address.",
    label: 'Who are you?',
    example: 'alice.example.com',
    hint: 'You approve in your own browser. No password is typed here.',
    submit: 'Continue',
    sendCode: 'Send me a code',
    newHere: 'New here? The same button makes your account.',
    knownAs: (name: string) => `You are signed in with this email as ${name}.`,
    goOnAs: (name: string) => `Go on as ${name}`,
    sendCodeAnyway: 'Send me a code anyway',
    backTo: (name: string) => `Back to ${name}`,
  },

  preview: {
    kinds: { handle: 'A handle', did: 'The DID of an account', server: "A server's address", email: 'An email' },
    on: (kind: string, server: string) => `${kind} on ${server}`,
    through: (kind: string, server: string) => `${kind}, through ${server}`,
    ready: 'A server that you can sign in on',
    card: 'Who signs in',
    serverDetail: 'You say on its own page who you are.',
    willSee: (product: string, what: string) => `${product} will see: ${what}.`,
  },

  suggestions: {
    list: 'Accounts that may be meant',
    found: (count: number) => (count === 0 ? '' : count === 1 ? 'One account may be meant' : `${count} accounts may be meant`),
    on: 'Suggest accounts while I type',
    asks: (host: string) => `While you type, ${host} is told what you type and answers with accounts.`,
    asksNobody: 'Nobody is chosen yet who could be asked.',
    change: 'Ask another server',
    choose: 'Choose whom to ask',
    address: 'Whom to ask',
    example: 'public.api.bsky.app',
    use: 'Ask this server',
    keep: 'Leave it as it is',
  },

  used: {
    title: 'Used here before',
    signInAs: (name: string) => `Sign in as ${name}`,
    forget: 'Forget',
    forgetWhom: (name: string) => `Forget ${name}`,
  },

  provider: {
    sees: 'sees your email address and mails the code',
    change: 'Change',
    ask: 'Who may mail you the code?',
    askDetail: 'That server sees your email address, and your account lives there. Nothing is sent yet.',
    address: "Server's address",
    example: 'pds.example.com',
    use: 'Use this server',
    checking: 'Checking that server',
    keep: (host: string) => `Keep ${host}`,
    changed: 'The email provider was changed meanwhile, so nothing was sent. Look who it is now, then press again.',
  },

  waiting: {
    resolving: (who: string) => (who === '' ? 'Looking you up' : `Looking up ${who}`),
    resolvingDetail: 'Finding out which server your account lives on.',
    waiting: 'Go on in your browser',
    waitingDetail: (server: string) =>
      `Approve the sign-in${server === '' ? '' : ` on ${server}`}, then come back. This window notices by itself.`,
    byHandDetail: 'No browser could be opened. Open this link by hand, in any browser on this computer:',
    asking: (server: string) => `Asking ${server}`,
    askingDetail: 'Its page opens in your browser in a moment.',
    code: 'Check your mail',
    codeDetail: (server: string, email: string) =>
      `${server} mails a code to ${email === '' ? 'you' : email}. Type it on the page in your browser, then come back.`,
    codeByHandDetail:
      'No browser could be opened. Open this link by hand, in any browser on this computer; the code is mailed once its page is open:',
    noCodeDetail: (server: string) =>
      `Type your email on the page of ${server}. No code is on its way; the page says what it needs.`,
    exchanging: 'Almost there',
    exchangingDetail: 'Your server said yes. The keys are being put away safely.',
    elsewhere: 'Open the link in your own browser',
    elsewhereDetail:
      'This app runs on another computer than the one you sit at. Copy the link, open it in your browser and approve. The last page will not load there: copy its address and paste it here.',
    codeElsewhereDetail:
      'This app runs on another computer than the one you sit at. Copy the link and open it in your browser; the code is mailed then. The last page will not load there: copy its address and paste it here.',
    otherWays: 'Other ways',
    browsers: 'Use another browser',
    browsersHere: 'Open a browser on the computer that the app runs on',
    usualBrowser: 'The usual one',
    openIn: (name: string) => `Open in ${name}`,
    anotherComputer: 'Use another computer',
    anotherComputerHint: 'Open this link there, and paste below where its browser ended.',
    copyAddress: 'Copy a link for another computer',
    endedOn: 'Address of the page you ended on',
    endedOnExample: 'http://127.0.0.1…',
    endedOnHint: 'Did the last page not load? Copy its whole address from the address bar and paste it here.',
    endedOnSubmit: 'Go on with this address',
    openAgain: 'Open the browser again',
    copyLink: 'Copy the link',
    timeLeft: (minutes: number, seconds: number) => `${minutes}:${String(seconds).padStart(2, '0')} left`,
    noCode: 'No code? Look in your spam folder too.',
    tryAgain: 'Try again',
    otherEmail: 'Use another email',
    cancel: 'Cancel',
  },

  account: {
    active: 'Signed in',
    ending: 'Ends soon',
    needsSignIn: 'Sign-in needed',
    offline: 'Offline',
    offlineDetail: (name: string) =>
      `${name}'s server can't be reached right now. Everything goes on by itself once it can.`,
    until: (when: string) => `Signed in until ${when}`,
    untilClosed: 'Signed in until the app is closed',
    endsSoon: (when: string) => `This sign-in ends on ${when}. Renew it now, and nothing is interrupted.`,
    ended: (when: string) =>
      `This sign-in should have ended on ${when}. It still works, but may stop at any moment. Renew it now, and nothing is interrupted.`,
    renew: 'Renew',
    inMemory:
      'There is no keychain on this computer, so this sign-in ends when the app is closed. To stay signed in, start one (on Linux: GNOME Keyring or KWallet), then sign in again.',
    identity: 'Identity',
    copy: 'Copy',
    server: 'Server',
    maySee: 'May see',
    technicalNames: 'Technical names',
    mayNotSee: 'May not see',
    seeMore: 'Let it see more',
    lastRefresh: 'Last refresh',
    signInAgain: 'Sign in again',
    signInOn: (server: string) => `Sign in on ${server}`,
    signOut: 'Sign out',
    remove: 'Remove',
    signOutAll: 'Sign out of all',
    signOutAllAsk: (count: number) => `Sign out of all ${count} accounts on this computer?`,
    signOutAllYes: 'Yes, sign out of all',
    signOutAllNo: 'No, stay signed in',
    others: 'Other accounts',
    switchTo: (name: string) => `Switch to ${name}`,
    add: 'Add an account',
    otherEmail: (name: string) => `This account belongs to another email than you typed. It is ${name}.`,
    keep: 'Keep it',
  },

  settings: {
    open: 'Settings',
    back: 'Back',
    title: 'Settings',
    appearance: 'Appearance',
    theme: 'Theme',
    themes: { system: 'Same as the system', light: 'Light', dark: 'Dark' },
    signingIn: 'Signing in',
    asksFor: 'Asks to see',
    asksForNobody: 'nothing',
    email: 'Email provider',
    noEmail: 'None chosen yet',
    change: 'Change the email provider',
    choose: 'Choose an email provider',
    keysAndData: 'Keys and data',
    looking: 'Checking whether all is well',
    lookAgain: 'Check again',
    fine: 'All is well',
    troubled: (count: number) => (count === 1 ? 'One thing needs you' : `${count} things need you`),
    about: 'About',
    name: 'Name',
    version: 'Version',
    copyDiagnostics: 'Copy diagnostics',
    diagnostics: 'For a bug report. It names nobody who signed in, and holds nothing secret.',
    whatIsInIt: 'What is in it',
  },

  scopes: {
    atproto: 'who you are',
    'account:email': 'your email address',
    'transition:email': 'your email address',
    'transition:generic': 'your posts and everything else but direct messages',
  } as Readonly<Record<string, string>>,

  /** What went wrong, by the codes of Go. Go brings its own sentences in English, so they are not written twice. */
  failures: {} as Readonly<Record<string, Sentence>>,

  /** The titles of the diagnostics, by their names in Go; likewise. */
  findings: {} as Readonly<Record<string, string>>,

  /** Their values, by what Go says, as far as those are words and no data: {} stands for whatever Go puts there, in its order. */
  values: {} as Readonly<Record<string, string>>,
}
