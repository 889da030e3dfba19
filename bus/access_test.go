package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
)

// authority is a certificate that has signed itself, for 127.0.0.1: an authority, a server's and a client's in one.
type authority struct {
	certFile, keyFile string
	pair              tls.Certificate
	pool              *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	certificate, private := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	a := authority{certFile: writeFile(t, "cert.pem", certificate), keyFile: writeFile(t, "key.pem", private), pool: x509.NewCertPool()}
	a.pool.AppendCertsFromPEM(certificate)
	a.pair, err = tls.X509KeyPair(certificate, private)
	check(t, err)
	return a
}

func writeFile(t *testing.T, name string, text []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(path, text, 0o600))
	return path
}

// ready starts a server and returns its host and port.
func ready(t *testing.T, o server.Options) string {
	t.Helper()
	s := testkit.Server(t, o)
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("NATS does not start")
	}
	return s.Addr().String()
}

// tlsServer wants TLS, a certificate of the client, and a user.
func tlsServer(t *testing.T, a authority) string {
	t.Helper()
	return ready(t, server.Options{JetStream: true, TLS: true, TLSVerify: true, TLSTimeout: 60, Username: "me", Password: "hunter2",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{a.pair}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}})
}

// issued is a server that trusts an operator, whose account a user's credentials file belongs to.
func issued(t *testing.T) (address, credentials string) {
	t.Helper()
	operator, err := nkeys.CreateOperator()
	check(t, err)
	account, err := nkeys.CreateAccount()
	check(t, err)
	user, err := nkeys.CreateUser()
	check(t, err)
	operatorID, accountID, userID := public(t, operator), public(t, account), public(t, user)
	accountClaims := jwt.NewAccountClaims(accountID)
	accountClaims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountToken, err := accountClaims.Encode(operator)
	check(t, err)
	userToken, err := jwt.NewUserClaims(userID).Encode(account)
	check(t, err)
	seed, err := user.Seed()
	check(t, err)
	file, err := jwt.FormatUserConfig(userToken, seed)
	check(t, err)
	system, err := nkeys.CreateAccount()
	check(t, err)
	systemToken, err := jwt.NewAccountClaims(public(t, system)).Encode(operator)
	check(t, err)
	resolver := &server.MemAccResolver{}
	check(t, resolver.Store(accountID, accountToken))
	check(t, resolver.Store(public(t, system), systemToken))
	address = ready(t, server.Options{JetStream: true, TrustedKeys: []string{operatorID}, AccountResolver: resolver, SystemAccount: public(t, system)})
	return address, writeFile(t, "user.creds", file)
}

func public(t *testing.T, pair nkeys.KeyPair) string {
	t.Helper()
	key, err := pair.PublicKey()
	check(t, err)
	return key
}

func TestReportsTravelOverTLSWithAUserAndACertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	wantDelivered(t, bus.Config{URL: "tls://me:hunter2@" + tlsServer(t, a), Access: bus.Access{CAFile: a.certFile, TLSCert: a.certFile, TLSKey: a.keyFile}})
}

func TestReportsTravelWithCredentials(t *testing.T) {
	t.Parallel()
	address, file := issued(t)
	wantDelivered(t, bus.Config{URL: "nats://" + address, Access: bus.Access{Credentials: file}})
}

func wantDelivered(t *testing.T, c bus.Config) {
	t.Helper()
	c.Timeout = time.Minute
	b := openOn(t, c)
	check(t, b.PublishReport(t.Context(), newReport("1")))
	if m := testkit.Next(t, consumeReports(t, b)); m.Value.ID != "1" {
		t.Errorf("got %+v", m.Value)
	}
}

func TestAnErrorOfTheConnectionSaysWhatWouldBeRightWithoutThePassword(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	secure, plain := tlsServer(t, a), ready(t, server.Options{Username: "me", Password: "hunter2"})
	stores := ready(t, server.Options{JetStream: true})
	issuing, _ := issued(t)
	_, foreign := issued(t)
	_, cluster := testkit.NewCluster(t, 3)
	mine := bus.Access{CAFile: a.certFile, TLSCert: a.certFile, TLSKey: a.keyFile}
	for name, test := range map[string]struct {
		config bus.Config
		want   string
	}{
		"nobody answers":          {bus.Config{URL: "nats://me:hunter2@127.0.0.1:1,nats://me:hunter2@127.0.0.1:2"}, "nats.url: no server answers"},
		"wrong password":          {bus.Config{URL: "nats://me:hunter3@" + plain}, "nats.url: the server refuses the user"},
		"no JetStream":            {bus.Config{URL: "nats://me:hunter2@" + plain}, "nats.url: JetStream is switched off"},
		"no TLS":                  {bus.Config{URL: "tls://me:hunter2@" + plain}, "nats.url: the server offers no TLS"},
		"unknown authority":       {bus.Config{URL: "tls://me:hunter2@" + secure, Access: bus.Access{CAFile: other.certFile}}, "nats.ca_file: wants the authority"},
		"no certificate":          {bus.Config{URL: "tls://me:hunter2@" + secure, Access: bus.Access{CAFile: a.certFile}}, "nats.tls_cert: the server wants a client certificate"},
		"another name":            {bus.Config{URL: "tls://me:hunter2@" + strings.Replace(secure, "127.0.0.1", "localhost", 1), Access: mine}, "nats.url: wants a host that the server's certificate names"},
		"authority that is none":  {bus.Config{URL: "tls://me:hunter2@" + secure, Access: bus.Access{CAFile: a.keyFile}}, "nats.ca_file: failed to parse"},
		"key of another":          {bus.Config{URL: "tls://me:hunter2@" + secure, Access: bus.Access{TLSCert: a.certFile, TLSKey: other.keyFile}}, "nats.tls_cert: "},
		"credentials that are no": {bus.Config{URL: "nats://" + issuing, Access: bus.Access{Credentials: a.keyFile}}, "nats.credentials: wants a file as nsc writes it"},
		"credentials of others":   {bus.Config{URL: "nats://" + issuing, Access: bus.Access{Credentials: foreign}}, "nats.credentials: the server refuses the user"},
		"replicas alone":          {bus.Config{URL: "nats://" + stores, Replicas: 3}, "nats.replicas: wants 1"},
		"replicas for more":       {bus.Config{URL: cluster, Replicas: 5}, "nats.replicas: the cluster has fewer than 5 servers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := test.config
			c.Shards, c.Log, c.Timeout = 4, testkit.Log(t), time.Minute
			b, err := bus.Open(t.Context(), c)
			if err == nil {
				b.Close()
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "SEED") {
				t.Errorf("%v, not %q", err, test.want)
			}
		})
	}
}
