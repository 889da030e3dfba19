package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/secret"
)

// codePeriod is how long an app shows a code (RFC 6238). The one before and the one after are accepted, too: clocks differ.
const codePeriod = 30 * time.Second

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

func totpCell(admin uint) secret.Cell {
	return secret.Cell{Table: "admin_totps", Row: strconv.FormatUint(uint64(admin), 10), Column: "secret"}
}

// totpOf returns the app of an admin with its secret; false if there is none.
func (p *Pages) totpOf(ctx context.Context, admin uint) (row db.Totp, key []byte, ok bool, err error) {
	var rows []db.Totp
	if err = p.DB.WithContext(ctx).Where("admin_id = ?", admin).Find(&rows).Error; err != nil || len(rows) == 0 {
		return row, nil, false, err
	}
	key, err = p.Box.Open(totpCell(admin), rows[0].Secret)
	return rows[0], key, true, err
}

// needsCode reports whether a password alone is not enough to log in.
func (p *Pages) needsCode(ctx context.Context, admin uint) (bool, error) {
	row, _, ok, err := p.totpOf(ctx, admin)
	return ok && row.Confirmed, err
}

// stepOf returns which code of an app was typed, if it is one of those that are accepted now and later than the last one that was.
func (p *Pages) stepOf(row db.Totp, key []byte, typed string) (int64, bool) {
	now := p.Now().Unix() / int64(codePeriod/time.Second)
	for step := max(now-1, row.Step+1); step <= now+1; step++ {
		code, err := hotp.GenerateCodeCustom(secretText.EncodeToString(key), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// errTooOften means that too many codes were tried.
var errTooOften = errors.New("too many codes were tried")

var appCode = regexp.MustCompile(`^[0-9]{6}$`)

// useCode reports whether a code is right, of the app or for recovery, and uses it up: the row in the database decides, so that it works once on all nodes together.
func (p *Pages) useCode(ctx context.Context, admin uint, typed string) (bool, error) {
	if !p.limits.codes.Allow(strconv.FormatUint(uint64(admin), 10)) {
		return false, errTooOften
	}
	typed = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	if !appCode.MatchString(typed) {
		done := p.DB.WithContext(ctx).Where("admin_id = ? AND hash = ?", admin, p.recoveryHash(admin, typed)).Delete(&db.RecoveryCode{})
		return done.RowsAffected == 1, done.Error
	}
	row, key, ok, err := p.totpOf(ctx, admin)
	if err != nil || !ok {
		return false, err
	}
	step, ok := p.stepOf(row, key, typed)
	if !ok {
		return false, nil
	}
	done := p.DB.WithContext(ctx).Model(&db.Totp{}).Where("admin_id = ? AND step < ?", admin, step).Update("step", step)
	return done.RowsAffected == 1, done.Error
}

func (p *Pages) recoveryHash(admin uint, code string) string {
	return p.Box.Digest("recovery code", fmt.Sprintf("%d %s", admin, code))
}

// recoveryCodes is how many an admin gets. Each has recoveryLength characters of 5 random bits.
const (
	recoveryCodes  = 10
	recoveryLength = 10
)

// newRecoveryCodes replaces the recovery codes of an admin, and returns them as people read them.
func (p *Pages) newRecoveryCodes(tx *gorm.DB, admin uint) (codes []string, err error) {
	if err := tx.Where("admin_id = ?", admin).Delete(&db.RecoveryCode{}).Error; err != nil {
		return nil, err
	}
	for range recoveryCodes {
		code := rand.Text()[:recoveryLength]
		if err := tx.Create(&db.RecoveryCode{AdminID: admin, Hash: p.recoveryHash(admin, code)}).Error; err != nil {
			return nil, err
		}
		codes = append(codes, code[:recoveryLength/2]+"-"+code[recoveryLength/2:])
	}
	return codes, nil
}

// totpData is the data of totp.html.
type totpData struct {
	Secret string // in groups of four
	QR     template.HTML
	Errors site.FormErrors
}

// setUpTotp makes a new secret. It counts after a code was typed that the app made with it.
func (p *Pages) setUpTotp(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if ok, err := p.confirmed(w, r, admin, "totp_password", accountData{Errors: site.FormErrors{}}); err != nil || !ok {
		return err
	}
	key := make([]byte, 20) // RFC 4226 recommends 160 bits
	_, _ = rand.Read(key)   // never fails
	row := db.Totp{AdminID: admin.ID, Secret: p.Box.Seal(totpCell(admin.ID), key), CreatedAt: p.Now()}
	made := p.DB.WithContext(r.Context()).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "admin_id"}}, DoUpdates: clause.AssignmentColumns([]string{"secret", "created_at"}),
		Where: clause.Where{Exprs: []clause.Expression{gorm.Expr("admin_totps.confirmed = ?", false)}},
	}).Create(&row)
	if made.Error != nil {
		return made.Error
	}
	return p.showTotp(w, r, http.StatusOK, admin, totpData{Errors: site.FormErrors{}})
}

func (p *Pages) showTotp(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, data totpData) error {
	row, key, ok, err := p.totpOf(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	if !ok || row.Confirmed {
		return p.backToAccount(w, r, admin)
	}
	made, err := totp.Generate(totp.GenerateOpts{Issuer: "Linienfunk", AccountName: admin.Address, Secret: key})
	if err != nil {
		return fmt.Errorf("make the address of the app: %w", err)
	}
	if data.QR, err = drawQR(made.URL()); err != nil {
		return err
	}
	text := secretText.EncodeToString(key)
	for len(text) > 4 {
		data.Secret, text = data.Secret+text[:4]+" ", text[4:]
	}
	data.Secret += text
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "totp"), Private: true}, "totp.html", data)
}

// quietModules is the margin of a QR code.
const quietModules = 4

// drawQR draws a QR code as SVG, dark on light in all colour schemes. The pages' policy allows no image in the page's own text.
func drawQR(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("make QR code: %w", err)
	}
	var path strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if red, _, _, _ := code.At(x, y).RGBA(); red == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietModules, y+quietModules)
			}
		}
	}
	all := size + 2*quietModules
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" width="220" height="220" aria-hidden="true"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="%s"/></svg>`,
		all, all, all, all, path.String())), nil // numbers only
}

// confirmTotp switches the second step on, and shows the recovery codes: they are nowhere else.
func (p *Pages) confirmTotp(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := totpData{Errors: site.FormErrors{}}
	ok, err := p.useCode(r.Context(), admin.ID, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, errTooOften):
		data.Errors.Add("code", p.Text(r, "too-often"))
		return p.showTotp(w, r, http.StatusTooManyRequests, admin, data)
	case err != nil:
		return err
	case !ok:
		data.Errors.Add("code", p.Text(r, "code-wrong"))
		return p.showTotp(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	var codes []string
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) (err error) {
		done := tx.Model(&db.Totp{}).Where("admin_id = ? AND confirmed = ?", admin.ID, false).Update("confirmed", true)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		codes, err = p.newRecoveryCodes(tx, admin.ID)
		return err
	})
	if err != nil {
		return err
	}
	if len(codes) > 0 {
		p.mailChange(r, admin, changedTotpOn)
	}
	return p.showRecovery(w, r, codes)
}

func (p *Pages) showRecovery(w http.ResponseWriter, r *http.Request, codes []string) error {
	return p.Show(w, r, http.StatusOK, site.Page{Title: p.Text(r, "recovery"), Private: true}, "recovery.html", codes)
}

// renewRecovery replaces the recovery codes.
func (p *Pages) renewRecovery(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if ok, err := p.confirmed(w, r, admin, "recovery_password", accountData{Errors: site.FormErrors{}}); err != nil || !ok {
		return err
	}
	if needs, err := p.needsCode(r.Context(), admin.ID); err != nil || !needs {
		return errors.Join(err, p.backToAccount(w, r, admin))
	}
	var codes []string
	err := p.DB.Transaction(r.Context(), func(tx *gorm.DB) (err error) {
		codes, err = p.newRecoveryCodes(tx, admin.ID)
		return err
	})
	if err != nil {
		return err
	}
	p.mailChange(r, admin, changedRecovery)
	return p.showRecovery(w, r, codes)
}

// endTotp makes the password enough again.
func (p *Pages) endTotp(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if ok, err := p.confirmed(w, r, admin, "totp_off_password", accountData{Errors: site.FormErrors{}}); err != nil || !ok {
		return err
	}
	var ended *gorm.DB
	err := p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		ended = tx.Where("admin_id = ? AND confirmed = ?", admin.ID, true).Delete(&db.Totp{})
		return errors.Join(ended.Error, tx.Where("admin_id = ?", admin.ID).Delete(&db.Totp{}).Error, tx.Where("admin_id = ?", admin.ID).Delete(&db.RecoveryCode{}).Error)
	})
	if err != nil {
		return err
	}
	if ended.RowsAffected > 0 {
		p.mailChange(r, admin, changedTotpOff)
	}
	p.Tell(w, r, "/account#totp", p.Text(r, "totp-ended"), false)
	return nil
}
