// Cut CSV text into its header and slices of whole records, minding quoted line breaks (RFC 4180).
// The server reads the cells; cutting only keeps each request small and the progress real.

export function cut(text, size) {
  const ends = [];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 34) quoted = !quoted;
    else if (code === 10 && !quoted) ends.push(i + 1);
    else if (code === 13 && !quoted && text.charCodeAt(i + 1) !== 10) ends.push(i + 1);
  }
  if (ends.at(-1) !== text.length) ends.push(text.length);
  const header = text.slice(0, ends[0]);
  const slices = [];
  for (let i = 0; i + 1 < ends.length; i += size) {
    const last = Math.min(i + size, ends.length - 1);
    slices.push({ text: text.slice(ends[i], ends[last]), count: last - i });
  }
  return { header: /[\r\n]$/.test(header) ? header : `${header}\n`, slices, count: ends.length - 1 };
}

// A spreadsheet saves UTF-8, UTF-16 or, in Excel's plain "CSV", the Windows code page.
export async function readText(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
