// What the auth origin remembers of each request under way: which email, which code, how many tries. All of it
// is gone after a restart; opening the authorization URL again begins anew.

import { randomBytes, randomInt } from 'node:crypto'

const CODE_LIFE = 10 * 60_000
const TRIES = 5
const MEMORY = 60 * 60_000

export class Requests {
  #byUri = new Map()

  // open answers the request of an authorization URL, the same one however often the URL is opened.
  open({ uri, clientId, handleMode }) {
    for (const [old, { opened }] of this.#byUri) {
      if (opened + MEMORY < Date.now()) this.#byUri.delete(old)
    }
    let request = this.#byUri.get(uri)
    if (!request) {
      request = new Request(uri, clientId)
      this.#byUri.set(uri, request)
    }
    request.handleMode = handleMode
    return request
  }

  get = (uri) => this.#byUri.get(uri)
  forget = ({ uri }) => this.#byUri.delete(uri)
}

class Request {
  opened = Date.now()
  wrong = 0 // codes typed that were not right, for any email

  constructor(uri, clientId) {
    this.uri = uri
    this.clientId = clientId
  }

  // newCode takes the place of the code before it.
  newCode(email) {
    this.email = email
    this.code = String(randomInt(10 ** 8)).padStart(8, '0')
    this.codeEnds = Date.now() + CODE_LIFE
    return this.code
  }

  waitsFor = (email) => this.email === email && Date.now() < this.codeEnds

  get triesLeft() {
    return TRIES - this.wrong
  }

  // check answers 'right', 'wrong' or 'late'. A right code is used up, and the answer's browser alone goes on.
  check(code) {
    if (!this.code || Date.now() >= this.codeEnds) return 'late'
    if (code !== this.code) {
      this.wrong++
      return 'wrong'
    }
    this.code = undefined
    this.codeEnds = 0
    this.browser = randomBytes(16).toString('hex')
    return 'right'
  }
}
