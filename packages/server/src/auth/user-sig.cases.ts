/**
 * Vectors made with tls-sig-api-v2-node (4a1a603): time 1700000000, sdkAppId 1400000000, the key "0123456789abcdef"
 * four times. Compressed texts depend on the zlib version; their contents do not.
 */
export const vectors = {
  secret: '0123456789abcdef'.repeat(4),
  sdkAppId: 1_400_000_000,
  issuedAtSeconds: 1_700_000_000,
  userSig: {
    userId: 'alice',
    expireSeconds: 86_400,
    signature: 'C78cR74h3kkb5ZIN2XIXoqDT14tpVlkxMQ2brG+aA0c=',
    text: 'eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwok5mcmpUInilOzEgoLMFCUrQxMDKIDIlGTmpipZGZqjiqZWFGQWpSpZWZiZwISKM9OVrJSczS2Sg8xNMoyzs5NMozz9jCI8I-ILXUIMTUoKwnKyK3wDjZKK3LUTHQ2SbZVqAW6CL9s_',
  },
  records: [
    {
      record: {
        userId: 'alice',
        sdkAppId: 1_400_000_000,
        room: 12345,
        expiresAtSeconds: 1_700_000_300,
        privileges: 255,
      },
      hex: '000005616c69636553724e00000030396553f22c000000ff00000000',
    },
    {
      record: {
        userId: 'alice',
        sdkAppId: 1_400_000_000,
        room: 'room-a',
        expiresAtSeconds: 1_700_000_300,
        privileges: 42,
      },
      hex: '010005616c69636553724e00000000006553f22c0000002a000000000006726f6f6d2d61',
    },
  ],
  privateMapKeySignature: 'A6wRRhfTNQpycPNfPitENn8Cab1e9hWGU05oCnM4Rfk=',
} as const
