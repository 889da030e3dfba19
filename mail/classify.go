package mail

// verdict is what an answer says about the mailbox that a mail was for, as opposed to the mail, its sender or us.
type verdict int

const (
	fine   verdict = iota // nothing
	softly                // it takes no mail just now, or it is not clear why
	hardly                // it does not exist
)

// dsnStage is the stage of an answer that came in a delivery status notification.
const dsnStage = "DSN"

// judge reads the status codes of RFC 3463. Only a code that says that the mailbox is gone counts as hard: a bare 550 may
// mean that the receiver dislikes our address, and would cost a city all subscribers of a large provider at once.
func judge(a answer, direct bool) verdict {
	switch a.stage {
	case "RCPT", dsnStage:
	case "message", "DNS", "connect":
		if a.enhanced == [3]int{} {
			return fine
		}
	default: // before a recipient was named, or about how the mail is transported
		return fine
	}
	class, subject, detail := a.code/100, 0, 0
	switch {
	case a.enhanced != [3]int{}:
		class, subject, detail = a.enhanced[0], a.enhanced[1], a.enhanced[2]
	case a.code == 556: // RFC 7504: the domain takes no mail
		subject, detail = 1, 10
	}
	if class != 4 && class != 5 {
		return fine
	}
	switch subject {
	case 1:
		return judgeAddress(class, detail)
	case 2:
		return judgeMailbox(class, detail)
	case 0:
		return softly
	case 4: // the network: of the smarthost, unless it has tried for days or it is us who tried
		if direct || a.stage == dsnStage {
			return softly
		}
	}
	return fine // 3: the server; 5: the protocol; 6: the content; 7: policy
}

// judgeAddress is for X.1.X: 0 other, 1 no such mailbox, 2 no such host, 3 syntax, 4 ambiguous, 6 moved, 10 null MX (RFC 7505).
// 5 means success; 7, 8 and 9 are about the sender and the route.
func judgeAddress(class, detail int) verdict {
	switch detail {
	case 0, 1, 2, 3, 4, 6, 10:
		if class == 5 {
			return hardly
		}
		return softly
	}
	return fine
}

// judgeMailbox is for X.2.X: 1 disabled; 3 message too long for it; others, such as 2 for a full one, may pass.
func judgeMailbox(class, detail int) verdict {
	switch {
	case detail == 3:
		return fine
	case detail == 1 && class == 5:
		return hardly
	}
	return softly
}
