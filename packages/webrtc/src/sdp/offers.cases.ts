import { readFileSync } from 'node:fs'

/** An offer and where it comes from. */
export interface OfferCase {
  readonly name: string
  /** `recorded` is what the named program made; `written` follows what its kind of browser writes and was not recorded. */
  readonly origin: string
  readonly sdp: string
}

function load(file: string, origin: string): OfferCase {
  const sdp = readFileSync(new URL(`./offers/${file}.sdp`, import.meta.url), 'utf8')
  return { name: file, origin, sdp }
}

/** Offers that want to receive audio and video (WHEP). */
export const playOffers = {
  chromium: load(
    'chromium-156-play',
    'recorded: Chromium 156.0.8078.79, Debian 12, createOffer with two recvonly transceivers',
  ),
  edge: load(
    'edge-play',
    'written: the Chromium offer with High in place of High 4:4:4, as builds with a hardware decoder have it',
  ),
  firefox: load('firefox-play', 'written: in the manner of Firefox 128, with its OpenH264 plugin'),
  safari: load('safari-play', 'written: in the manner of Safari 17 on iOS, video before audio'),
}

/** Offers that want to send (WHIP). */
export const publishOffers = {
  chromium: load(
    'chromium-156-publish',
    'recorded: Chromium 156.0.8078.79, Debian 12, canvas and AudioContext, sendonly',
  ),
  simulcast: load(
    'chromium-156-simulcast',
    'recorded: Chromium 156.0.8078.79, Debian 12, one video track with rids l and h',
  ),
  obs: load('obs-whip', 'written: in the manner of OBS 30 (libdatachannel), transport attributes at session level'),
}

/** Firefox as Debian ships it: H.264 for WebRTC is a download there. */
export const firefoxOffers = {
  play: load(
    'firefox-153-play',
    'recorded: Firefox 153.7.0esr, Debian 12, without OpenH264, createOffer with two recvonly transceivers, max-bundle',
  ),
  publish: load(
    'firefox-153-publish',
    'recorded: Firefox 153.7.0esr, Debian 12, without OpenH264, fake devices, sendonly, rids l and h, max-bundle',
  ),
}

/** A data channel beside a video m-line. */
export const dataChannelOffer = load(
  'chromium-156-data-channel',
  'recorded: Chromium 156.0.8078.79, Debian 12, createDataChannel and one recvonly video transceiver',
)
