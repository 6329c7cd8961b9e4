// Streams of bytes as lines, and as the events of a text/event-stream.

/** The lines of a stream without their ends. Only a newline ends one: JSON may hold every other separator. */
export async function* lines(stream) {
  const decoder = new TextDecoder();
  let parts = [];
  for await (const chunk of stream) {
    let text = decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      parts.push(text.slice(0, end));
      yield parts.join("").replace(/\r$/, "");
      parts = [];
      text = text.slice(end + 1);
    }
    if (text !== "") parts.push(text);
  }
  parts.push(decoder.decode());
  const last = parts.join("");
  if (last !== "") yield last.replace(/\r$/, "");
}

/** The data of each event that has any. */
export async function* events(stream) {
  let data = [];
  for await (const line of lines(stream)) {
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
    } else if (line.startsWith("data:")) {
      data.push(line.slice(5).replace(/^ /, ""));
    }
  }
  if (data.length > 0) yield data.join("\n");
}
