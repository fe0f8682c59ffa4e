/** Bytes laid out by hand from RFC 3550 section 5.1 and RFC 8285 sections 4.2 and 4.3. */
export const handmadePackets: readonly { readonly name: string; readonly hex: string; readonly valid: boolean }[] = [
  { name: 'the smallest packet', hex: '80 60 0001 00000002 00000003', valid: true },
  { name: 'one byte short of a header', hex: '80 60 0001 00000002 000000', valid: false },
  { name: 'version 1', hex: '40 60 0001 00000002 00000003', valid: false },
  { name: 'two CSRCs', hex: '82 60 0001 00000002 00000003 00000004 00000005 aa', valid: true },
  { name: 'a CSRC that is not there', hex: '81 60 0001 00000002 00000003', valid: false },
  {
    name: 'one-byte elements with padding',
    hex: '90 60 0001 00000002 00000003 bede0002 40 30 00 31 0102 0000 aa',
    valid: true,
  },
  { name: 'two-byte elements', hex: '90 60 0001 00000002 00000003 10000002 04 01 30 00 03 02 0102 aa', valid: true },
  { name: 'an extension longer than the packet', hex: '90 60 0001 00000002 00000003 bede0003 40300031', valid: false },
  { name: 'an extension without its header', hex: '90 60 0001 00000002 00000003 bede', valid: false },
  { name: 'padding of two bytes', hex: 'a0 60 0001 00000002 00000003 aabb 0002', valid: true },
  { name: 'padding only', hex: 'a0 60 0001 00000002 00000003 00000004', valid: true },
  { name: 'padding longer than the payload', hex: 'a0 60 0001 00000002 00000003 aabbcc05', valid: false },
  { name: 'padding of zero bytes', hex: 'a0 60 0001 00000002 00000003 aabbcc00', valid: false },
]
