import type { DesktopLink } from './link.js'

const server = 'https://call.example.org'

/** A link, and what it says; a piece of the sentence where it is refused. */
export const linkCases: readonly [link: string, wanted: DesktopLink | RegExp][] = [
  [`crossroom://start?server=${server}&room=42`, { server, roomId: '42' }],
  [`CROSSROOM://START?server=${server}&room=42`, { server, roomId: '42' }],
  [`wxlite://start/?server=${server}/&room=lobby&user=ann`, { server, roomId: 'lobby', userId: 'ann' }],
  [
    `crossroom://start?server=${encodeURIComponent('http://127.0.0.1:8080')}&room=a&name=${encodeURIComponent('李雷')}`,
    { server: 'http://127.0.0.1:8080', roomId: 'a', name: '李雷' },
  ],
  [
    `crossroom://start?server=http://192.168.1.5:8080&room=a&ticket=AAAAAAAAAAAAAAAAAAAAAA`,
    { server: 'http://192.168.1.5:8080', roomId: 'a', ticket: 'AAAAAAAAAAAAAAAAAAAAAA' },
  ],
  ['http://[::1]:8080/', /must look like/],
  [`crossroom://start?server=http://[::1]:8080&room=a`, { server: 'http://[::1]:8080', roomId: 'a' }],
  [`crossroom://start?server=${server}&room=42&exec=rm`, /unknown part/],
  [`crossroom://start?server=${server}&room=42&room=43`, /twice/],
  [`crossroom://start?server=${server}&room=42#x`, /must look like/],
  [`crossroom://stop?server=${server}&room=42`, /must look like/],
  [`other://start?server=${server}&room=42`, /must look like/],
  [`crossroom://start?room=42`, /server of the link must be/],
  [`crossroom://start?server=http://call.example.org&room=42`, /server of the link must be/],
  [`crossroom://start?server=http://127.0.0.1.evil.example&room=42`, /server of the link must be/],
  [`crossroom://start?server=http://172.32.0.1&room=42`, /server of the link must be/],
  [`crossroom://start?server=https://user:pass@call.example.org&room=42`, /server of the link must be/],
  [`crossroom://start?server=${server}/path&room=42`, /server of the link must be/],
  [`crossroom://start?server=javascript:alert(1)&room=42`, /server of the link must be/],
  [`crossroom://start?server=--help&room=42`, /server of the link must be/],
  [`crossroom://start?server=${server}`, /The room/],
  [`crossroom://start?server=${server}&room=a%20b`, /The room/],
  [`crossroom://start?server=${server}&room=42&user=%3Cb%3E`, /The user/],
  [`crossroom://start?server=${server}&room=42&name=a%0Ab`, /The name/],
  [`crossroom://start?server=${server}&room=42&ticket=short`, /The ticket/],
  [`crossroom://start?server=${server}&room=42&name=${'x'.repeat(2048)}`, /more than/],
]
