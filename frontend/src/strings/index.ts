/** Every word the window shows, in one place, so that it can be read as a whole and translated. */
import { en } from './en'

export type Strings = typeof en

/** Those of the language in use. */
export const strings: Strings = en
