package api

// Decode is decode, which returns the id of a text for what it refuses.
func Decode(body []byte) (values map[string]any, refused string) {
	values, mistake := decode(body)
	if mistake != nil {
		return nil, mistake.text
	}
	return values, ""
}
