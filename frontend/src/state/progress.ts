import type { Failure } from '../bridge/bridge'

/** How far something is that was asked of the Go side. */
export type Progress = { state: 'idle' } | { state: 'pending' } | { state: 'failed'; failure: Failure }

export const idle: Progress = { state: 'idle' }
export const pending: Progress = { state: 'pending' }
