import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'none'",
  "object-src 'none'",
  "worker-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ')

/** Only the build gets the policy: the development server needs inline styles and a web socket. */
const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' },
  ],
}

const development: Plugin = {
  name: 'development',
  apply: 'serve',
  configureServer: (server) => {
    // Wails keeps idle connections for 90 seconds. A request that it sends on one that Vite is just closing fails, it
    // can't be repeated, and without that module the page stays blank.
    if (server.httpServer && 'keepAliveTimeout' in server.httpServer) server.httpServer.keepAliveTimeout = 120_000
    // Browsers ask for an icon, and complain when there is none.
    server.middlewares.use('/favicon.ico', (_request, response) => {
      response.writeHead(204).end()
    })
  },
}

export default defineConfig({
  plugins: [svelte(), svelteTesting(), contentSecurityPolicy, development],
  // A test holds the words against the catalogue of the backend.
  server: { host: '127.0.0.1', fs: { allow: ['.', '../backend'] } },
  build: { target: ['es2022', 'safari16'], assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'], css: true, restoreMocks: true },
})
