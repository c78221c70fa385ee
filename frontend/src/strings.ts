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
  },

  waiting: {
    resolving: (who: string) => (who === '' ? 'Looking you up' : `Looking up ${who}`),
    resolvingDetail: 'Finding out which server your account lives on.',
    waiting: 'Go on in your browser',
    waitingDetail: (server: string) =>
      `Approve the sign-in${server === '' ? '' : ` on ${server}`}, then come back. This window notices by itself.`,
    byHandDetail: 'No browser could be opened. Open this link by hand, in any browser on this computer:',
    exchanging: 'Almost there',
    exchangingDetail: 'Your server said yes. The keys are being put away safely.',
    openAgain: 'Open the browser again',
    copyLink: 'Copy the link',
    timeLeft: (minutes: number, seconds: number) => `${minutes}:${String(seconds).padStart(2, '0')} left`,
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
  },

  scopes: {
    atproto: 'who you are',
    'account:email': 'your email address',
    'transition:email': 'your email address',
    'transition:generic': 'your posts and everything else but direct messages',
  } as Readonly<Record<string, string>>,
}
