// Node 20 reads no TypeScript; Vite does.
import { runnerImport } from 'vite'

await runnerImport('./screenshots/main.ts')
