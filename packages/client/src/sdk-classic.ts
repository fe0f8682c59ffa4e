/** Entry of `/sdk/crossroom.iife.js`: the globals `Crossroom` and `WebRTCAPI` for pages without modules. */
import { Crossroom } from './crossroom.js'
import { setLoadedFrom } from './server-address.js'
import { WebRTCAPI } from './webrtc-api/index.js'

if (document.currentScript instanceof HTMLScriptElement) setLoadedFrom(document.currentScript.src)

Object.assign(globalThis, { Crossroom, WebRTCAPI })
