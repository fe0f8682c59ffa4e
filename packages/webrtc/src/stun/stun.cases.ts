/** RFC 5769, "Test Vectors for STUN": sections 2.1 to 2.3. The password is the short-term one of section 2. */
export const rfc5769 = {
  password: 'VOkJxbRl1RmTxUk/WvJxBt',
  username: 'evtj:h6vY',
  request: fromHex(
    `000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151
     263b36000600096576746a3a683676592020200008 00149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf`,
  ),
  ipv4Response: fromHex(
    `0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd
     9e90c38c7489f92af9ba53f06be7d780280004c07d4c96`,
  ),
  ipv6Response: fromHex(
    `010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5be
     d2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c`,
  ),
}

export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}
