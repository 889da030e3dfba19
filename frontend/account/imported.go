package account

import "github.com/alexedwards/argon2id"

// ShortName proposes a city's short name by its title, as the form for a new city does; empty for a title without Latin letters.
func ShortName(title string) string { return shortName(title) }

// NameTrouble says in English why a city cannot have a short name, for the operator; empty if it can, unless another city has it.
func (p *Pages) NameTrouble(name string) string {
	switch p.reserved.nameError(name) {
	case "name-form":
		return "it is no short name"
	case "name-reserved":
		return "it is reserved for the program"
	}
	return ""
}

// HashOf hashes a password for an account that an operator makes.
func (p *Pages) HashOf(password string) (string, error) {
	return argon2id.CreateHash(password, passwordCost())
}
