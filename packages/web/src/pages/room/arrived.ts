import { arrive } from './arrival.js'

/** The link that opened this page. Importing it cleans the address, so every page of a room imports it first. */
export const arrival = arrive(window)
