import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import type { Connect, Plugin } from 'vite'
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

/** The folder of the brand, for pages that no program serves: the Makefile's BRAND, or our own. */
const brandFolder = resolve(import.meta.dirname, '..', process.env.BRAND || 'build/brand')

const serveBrand: Connect.NextHandleFunction = (request, response, next) => {
  if (request.url === '/mark.svg') {
    response.setHeader('Content-Type', 'image/svg+xml').end(readFileSync(`${brandFolder}/mark.svg`))
  } else if (request.url === '/brand.css') {
    const { accent } = JSON.parse(readFileSync(`${brandFolder}/brand.json`, 'utf8')) as { accent: Record<string, string> }
    const colour = (key: string) => accent[key] ?? `${accent[key.replace('_tint', '')]}1c` // as backend/config/accent.go has it
    const style = readFileSync(resolve(import.meta.dirname, '../app/brand.css'), 'utf8')
    response.setHeader('Content-Type', 'text/css').end(style.replace(/{{(\w+)}}/g, (_, key: string) => colour(key)))
  } else {
    next()
  }
}

/** The page has the brand's style from the program that serves it, and draws nothing before it is there. */
const brand: Plugin = {
  name: 'brand',
  transformIndexHtml: () => [{ tag: 'link', attrs: { rel: 'stylesheet', href: '/brand.css' }, injectTo: 'head' }],
  configureServer: (server) => void server.middlewares.use(serveBrand),
  configurePreviewServer: (server) => void server.middlewares.use(serveBrand),
}

export default defineConfig({
  plugins: [svelte(), svelteTesting(), contentSecurityPolicy, brand, development],
  // A test holds the words against the catalogue of the backend.
  server: { host: '127.0.0.1', fs: { allow: ['.', '../backend'] } },
  build: { target: ['es2022', 'safari16'], assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'], css: true, restoreMocks: true },
})
