package email

import "linienfunk/mail/text"

type message = text.Message

var (
	read       = text.Parse
	normal     = text.ParseAddress
	errAddress = text.ErrAddress
)

func sender(address string) string { return text.Canonical(address) }

func split(address string) (local, domain string) { return text.SplitAddress(address) }
