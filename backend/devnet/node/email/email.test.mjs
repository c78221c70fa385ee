import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Requests } from './requests.mjs'
import { openServer } from './server.mjs'

const MINUTE = 60_000

test('a code lives for ten minutes', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const request = new Requests().open({ uri: 'a', clientId: 'b' })
  const code = request.newCode('someone@example.org')
  t.mock.timers.tick(10 * MINUTE - 1)
  assert.ok(request.waitsFor('someone@example.org'))
  t.mock.timers.tick(1)
  assert.ok(!request.waitsFor('someone@example.org'))
  assert.equal(request.check(code), 'late')
  assert.equal(request.triesLeft, 5)
  assert.equal(request.check(request.newCode('someone@example.org')), 'right')
})

test('a request is forgotten after an hour', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const requests = new Requests()
  const request = requests.open({ uri: 'a', clientId: 'b' })
  t.mock.timers.tick(60 * MINUTE)
  assert.equal(requests.open({ uri: 'a', clientId: 'b' }), request)
  t.mock.timers.tick(1)
  requests.open({ uri: 'c', clientId: 'b' })
  assert.equal(requests.get('a'), undefined)
})

test('only hosted native clients hear of a dead request, without the state', async () => {
  const clients = {
    'https://native.example/client.json': { application_type: 'native', redirect_uris: ['example.native:/callback'] },
    'https://web.example/client.json': { application_type: 'web', redirect_uris: ['https://web.example/callback'] },
  }
  const clientManager = { getClient: async (id) => ({ metadata: clients[id] }) }
  const ctx = { oauthProvider: { clientManager }, accountManager: {} }
  const { errorRedirect } = openServer({ ctx, origin: 'http://localhost:1', auth: 'http://localhost:2' })
  const parameters = { state: 'secret', redirect_uri: 'http://127.0.0.1:9/callback' }

  const native = { clientId: 'https://native.example/client.json' }
  const query = '?iss=http%3A%2F%2Flocalhost%3A1&error=access_denied'
  assert.equal(await errorRedirect(native, parameters), `http://127.0.0.1:9/callback${query}`)
  assert.equal(await errorRedirect(native, undefined), `example.native:/callback${query}`)
  assert.equal(await errorRedirect({ clientId: 'https://web.example/client.json' }, parameters), undefined)
  assert.equal(await errorRedirect({ clientId: 'http://localhost?scope=atproto' }, parameters), undefined)
  assert.equal(await errorRedirect({ clientId: '' }, parameters), undefined)
})
