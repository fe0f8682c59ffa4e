/** AVCDecoderConfigurationRecords by ffmpeg 5.1 with x264 (`-f mp4`, box avcC), and what ffprobe says of the file. */
export const avcRecordCases = [
  {
    name: 'High with B-frames, 180 lines cropped from 192',
    hex: '0164000cffe1001a6764000cacd941419f9f011000000300100000030320f142996001000668ebe3cb22c0fdf8f800',
    facts: { codecString: 'avc1.64000c', width: 320, height: 180, reorderFrames: 2, frameRate: 25 },
  },
  {
    name: 'Constrained Baseline',
    hex: '0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20',
    facts: { codecString: 'avc1.42c00c', width: 320, height: 180, reorderFrames: 0, frameRate: 25 },
  },
  {
    name: 'High 4:4:4 Predictive, 10 bits',
    hex: '01f4000cffe1001b67f4000c90d9b282833f1b80880000030008000003019078a14cb001000668ebe3c44844fffafa00',
    facts: { codecString: 'avc1.f4000c', width: 320, height: 180, reorderFrames: 2, frameRate: 25 },
  },
  {
    name: 'High 4:2:2, interlaced, with HRD and scaling matrices, 486 lines cropped from 512',
    hex: '017a001fffe10023677a001fbcd940b420fc76022000007d20001d4c0c4c001e848003d09c98601f162d9601000668fbacb3002cfef8f800',
    facts: { codecString: 'avc1.7a001f', width: 720, height: 486, reorderFrames: 2, frameRate: 30000 / 1001 },
  },
] as const
