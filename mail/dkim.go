package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/emersion/go-msgauth/dkim"
)

// signedFields are the header fields that RFC 6376, section 5.4.1 recommends, as far as our messages have them, and the two that RFC 8058,
// section 4 demands. The first four are listed twice, so that adding a second such field breaks the signature (RFC 6376, section 8.15).
var signedFields = []string{
	"From", "To", "Subject", "Date", "From", "To", "Subject", "Date",
	"Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// signer adds DKIM signatures. A nil signer does nothing.
type signer struct {
	domain, selector string
	key              crypto.Signer
}

func newSigner(c Config) (*signer, error) {
	if c.DKIMKey == "" && c.DKIMSelector == "" {
		return nil, nil
	}
	if c.DKIMKey == "" || c.DKIMSelector == "" {
		return nil, errors.New("DKIM needs both a key and a selector")
	}
	text, err := os.ReadFile(c.DKIMKey)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key: %w", err)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key %s: %w", c.DKIMKey, err)
	}
	return &signer{domain: c.Domain, selector: c.DKIMSelector, key: key}, nil
}

func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not in PEM format")
	}
	if block.Type == "RSA PRIVATE KEY" {
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("a key of type %T cannot sign: RSA or Ed25519 can", key)
}

// sign returns the message with a DKIM-Signature field in front.
func (s *signer) sign(message []byte) ([]byte, error) {
	if s == nil {
		return message, nil
	}
	var out bytes.Buffer
	err := dkim.Sign(&out, bytes.NewReader(message), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key, Hash: crypto.SHA256, HeaderKeys: signedFields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign message: %w", err)
	}
	return out.Bytes(), nil
}
