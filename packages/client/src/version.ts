/** The version of this package, told to the server. */
export const VERSION = '0.1.0'
