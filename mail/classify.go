package mail

// bounceKind says what a reply means for the recipient's address, as opposed to the message, its sender or us.
type bounceKind int

const (
	noBounce        bounceKind = iota // nothing
	unknownBounce                     // the message came back, and nothing says why
	softBounce                        // it accepts no mail at the moment, or the reason is unclear
	hardBounce                        // it does not exist
	complaintBounce                   // its owner called our message spam
)

// Stages of replies that were reported to us.
const (
	dsnStage       = "DSN"          // delivery status notifications, and bounces in other formats
	dsnDataStage   = "DSN, DATA"    // the same, where the host took the recipient and refused the message
	unknownStage   = "DSN, unknown" // messages of mail servers that do not say what failed
	complaintStage = "complaint"    // feedback reports
)

// classify interprets the words of a reply, and its status codes (RFC 3463). Only a reply that says that the address does not exist is a hard
// bounce: a bare 550 may mean that the receiver blocks our host, and would cost a city all subscribers at a large provider at
// once. So may 5.1.1 with words that we do not know. direct says that the reply is from the recipient's own server.
func classify(r reply, direct bool) bounceKind {
	about := r.says == gone || r.says == refusesNow // the recipient
	switch r.stage {
	case "RCPT", dsnStage:
	case unknownStage:
		return unknownBounce
	case complaintStage:
		return complaintBounce
	case "message", dsnDataStage, "DNS", "connect":
		if r.enhanced == [3]int{} && !about {
			return noBounce
		}
	default: // before the recipient was named, or about the transport
		return noBounce
	}
	class := r.code / 100
	switch {
	case class != 4 && class != 5, r.says == aboutUs:
		return noBounce
	case r.says == gone && (r.code > 500 && r.code <= 504 || r.enhanced[1] == 5 && r.enhanced[2] > 0): // a command that the server does not know
		return noBounce
	case r.says == gone && class == 5 && r.enhanced[1] != 7: // a policy may say so of us
		return hardBounce
	case about:
		return softBounce
	case r.enhanced == [3]int{}:
		return classifyCode(r)
	}
	return classifyStatus(r, direct)
}

// classifyCode is for replies without a status code. 45z and 55z are about the mailbox (RFC 5321, section 4.2.3), except for 554: the transaction
// failed, or no service here; most hosts that refuse ours use it.
func classifyCode(r reply) bounceKind {
	switch {
	case r.code == 556: // RFC 7504: the domain accepts no mail
		return hardBounce
	case r.code == 554 && r.says != noReason && r.says != unknownAgain:
		return noBounce
	}
	return softBounce
}

// classifyStatus is for status codes with words that say nothing certain.
func classifyStatus(r reply, direct bool) bounceKind {
	class, subject, detail := r.enhanced[0], r.enhanced[1], r.enhanced[2]
	reported := r.stage == dsnStage || r.stage == dsnDataStage
	switch subject {
	case 0:
		return softBounce
	case 1:
		agree := r.says == silent || r.says == unknownAgain
		return classifyAddress(class, detail, agree)
	case 2:
		if detail == 3 { // the message is too long
			return noBounce
		}
		return softBounce // 1 is a mailbox that is disabled, or receives too much (Gmail): only words tell
	case 3: // the server, which gave up if that is reported. 4: the message is too long
		if reported && detail != 4 {
			return softBounce
		}
	case 4: // the network: a smarthost's own problem, unless the smarthost has given up
		if direct || reported {
			return softBounce
		}
	}
	if subject == 5 && detail == 0 && (r.says == unknownAgain || r.says == noReason) { // Outlook.com, for a mailbox that does not exist
		return softBounce
	}
	return noBounce // 5: the protocol; 6: the content; 7: policy
}

// classifyAddress is for X.1.X: 0 other, 1 no such mailbox, 2 no such host, 3 syntax, 4 ambiguous, 6 moved, 10 null MX (RFC 7505).
// 5 means success; 7, 8 and 9 are about the sender and the route. agree says that the words do not contradict.
func classifyAddress(class, detail int, agree bool) bounceKind {
	switch detail {
	case 1, 2, 3, 6, 10:
		if class == 5 && agree {
			return hardBounce
		}
		return softBounce
	case 0, 4:
		return softBounce
	}
	return noBounce
}
