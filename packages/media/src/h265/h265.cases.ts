/**
 * HEVCDecoderConfigurationRecords of x265 3.5 by ffmpeg 5.1 (`-tag:v hvc1 -f mp4`, box hvcC, the SEI array left out and
 * the number of arrays corrected), and what ffprobe says of the file.
 */
export const hevcRecordCases = [
  {
    name: 'Main with B-frames',
    hex: '0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c959409a10001002b42010101600000030090000003000003003ca00a080b9f796565924caf016808000003000800000300c840a2000100074401c172b46240',
    facts: { codecString: 'hvc1.1.6.L60.90', width: 320, height: 180, reorderFrames: 2 },
  },
  {
    name: 'Main 10 without B-frames',
    hex: '0102200000009000000000003cf000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003003c928090a10001002b42010102200000030090000003000003003ca00a080b9f6d964a924caf016808000003000800000300c840a2000100074401c172b46240',
    facts: { codecString: 'hvc1.2.4.L60.90', width: 320, height: 180, reorderFrames: 0 },
  },
] as const
