package text

import "strings"

// unflow joins the lines of format=flowed (RFC 3676): a line that ends in a space continues in the next one, unless it
// is quoted deeper or less. With delsp that space is no part of the text.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	quote, flowing := 0, false
	for line := range strings.SplitSeq(text, "\n") {
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		rest := strings.TrimPrefix(line[depth:], " ") // stuffed
		signature := rest == "-- "
		if out.Len() > 0 && (!flowing || depth != quote || signature) {
			out.WriteByte('\n')
			flowing = false
		}
		if !flowing && depth > 0 {
			out.WriteString(strings.Repeat(">", depth) + " ")
		}
		flowing = strings.HasSuffix(rest, " ") && !signature
		if flowing && delsp {
			rest = strings.TrimSuffix(rest, " ")
		}
		out.WriteString(rest)
		quote = depth
	}
	return out.String()
}
