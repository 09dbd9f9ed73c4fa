/** A mail server as a service in a stack's network: lets everybody sign in, takes every mail and prints it to its log. */
export const MAILBOX = `
services:
  mailbox:
    image: node:24-slim
    init: true
    entrypoint: [node, -e]
    command:
      - |
        require("node:net").createServer((socket) => {
          let inMail = false
          socket.write("220 mailbox\\r\\n")
          socket.on("data", (chunk) => {
            const text = String(chunk)
            if (inMail) process.stdout.write(text)
            else if (/^QUIT/i.test(text)) return socket.end("221 bye\\r\\n")
            if (!inMail && /^EHLO/i.test(text)) return socket.write("250-mailbox\\r\\n250 AUTH PLAIN\\r\\n")
            if (!inMail && /^AUTH/i.test(text)) return socket.write("235 welcome\\r\\n")
            const ends = inMail && text.endsWith("\\r\\n.\\r\\n")
            const begins = !inMail && /^DATA/i.test(text)
            if (!inMail || ends) socket.write(begins ? "354 go on\\r\\n" : "250 mailbox\\r\\n")
            inMail = begins || (inMail && !ends)
          })
        }).listen(2525)
    networks: [glitchtip]
`;
