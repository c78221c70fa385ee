/**
 * Every word the window shows, in one place, so that it can be read as a whole and translated.
 * Sentences that say what went wrong come from Go with the failure itself.
 */
export const strings = {
  starting: 'Just a moment',
  copied: 'Copied',
  version: (name: string, version: string) => `${name} ${version}`.trim(),
  unexpected: 'Something went wrong inside the app. Try again; if it happens again, restart it.',

  signIn: {
    title: 'Sign in',
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
    needsSignIn: 'Sign-in needed',
    identity: 'Identity',
    copy: 'Copy',
    server: 'Server',
    maySee: 'May see',
    signInAgain: 'Sign in again',
    signOut: 'Sign out',
    otherEmail: (name: string) => `This account belongs to another email than you typed. It is ${name}.`,
    keep: 'Keep it',
  },

  scopes: {
    atproto: 'who you are',
    'account:email': 'your email address',
    'transition:email': 'your email address',
    'transition:generic': 'your posts and everything else but direct messages',
  } as Readonly<Record<string, string>>,
}
