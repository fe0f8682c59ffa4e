export class WebRTCAPI {}
