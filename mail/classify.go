package mail

// bounceKind says what a reply means for the recipient's address, as opposed to the message, its sender or us.
type bounceKind int

const (
	noBounce   bounceKind = iota // nothing
	softBounce                   // it accepts no mail at the moment, or the reason is unclear
	hardBounce                   // it does not exist
)

// dsnStage is the stage of a reply that was reported in a delivery status notification.
const dsnStage = "DSN"

// classify interprets status codes of RFC 3463. Only a status that says that the address does not exist is a hard bounce: a bare 550 may
// mean that the receiver blocks our host, and would cost a city all subscribers at a large provider at once. direct says that the
// reply is from the recipient's own server.
func classify(r reply, direct bool) bounceKind {
	switch r.stage {
	case "RCPT", dsnStage:
	case "message", "DNS", "connect":
		if r.enhanced == [3]int{} {
			return noBounce
		}
	default: // before the recipient was named, or about the transport
		return noBounce
	}
	class, subject, detail := r.code/100, 0, 0
	switch {
	case r.enhanced != [3]int{}:
		class, subject, detail = r.enhanced[0], r.enhanced[1], r.enhanced[2]
	case r.code == 556: // RFC 7504: the domain accepts no mail
		subject, detail = 1, 10
	}
	if class != 4 && class != 5 {
		return noBounce
	}
	switch subject {
	case 1:
		return classifyAddress(class, detail)
	case 2:
		return classifyMailbox(class, detail)
	case 0:
		return softBounce
	case 4: // the network: a smarthost's own problem, unless the smarthost has given up
		if direct || r.stage == dsnStage {
			return softBounce
		}
	}
	return noBounce // 3: the server; 5: the protocol; 6: the content; 7: policy
}

// classifyAddress is for X.1.X: 0 other, 1 no such mailbox, 2 no such host, 3 syntax, 4 ambiguous, 6 moved, 10 null MX (RFC 7505).
// 5 means success; 7, 8 and 9 are about the sender and the route.
func classifyAddress(class, detail int) bounceKind {
	switch detail {
	case 0, 1, 2, 3, 4, 6, 10:
		if class == 5 {
			return hardBounce
		}
		return softBounce
	}
	return noBounce
}

// classifyMailbox is for X.2.X: 1 disabled, 3 message too long; others, such as 2 for a full one, are temporary.
func classifyMailbox(class, detail int) bounceKind {
	switch {
	case detail == 3:
		return noBounce
	case detail == 1 && class == 5:
		return hardBounce
	}
	return softBounce
}
