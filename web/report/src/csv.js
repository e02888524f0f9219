// A table as CSV (RFC 4180) for spreadsheets.

function field(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  // A text that begins like a formula must not become one.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns are {name, value(row)}. */
export function csv(columns, rows) {
  const lines = [
    columns.map((each) => field(each.name)),
    ...rows.map((row) => columns.map((c) => field(c.value(row)))),
  ];
  return lines.map((line) => line.join(",") + "\r\n").join("");
}
