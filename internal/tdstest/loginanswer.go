package tdstest

import (
	"errors"
	"fmt"
	"slices"
)

// LoginAnswer is what becomes of a login. The zero value lets it in.
type LoginAnswer struct {
	Messages []Message // an error among them refuses the login
	Route    *Route    // sends the client there instead
}

// decide is what becomes of a login where no function of the options says so.
func (o Options) decide(l Login, others int) LoginAnswer {
	refuse := func(m ...Message) LoginAnswer { return LoginAnswer{Messages: m} }
	switch _, known := o.database(l.Database); {
	case o.MaxConnections > 0 && others >= o.MaxConnections:
		return refuse(TooManyConnections(o.MaxConnections))
	case l.AccessToken != "" && l.AccessToken != o.AccessToken:
		return refuse(LoginFailed("<token-identified principal>"))
	case l.AccessToken == "" && (l.User != o.User || l.Password != o.Password):
		return refuse(LoginFailed(l.User))
	case l.Database != "" && !known:
		return refuse(NoDatabase(l.Database), LoginFailed(l.User))
	}
	return LoginAnswer{}
}

var errRefused = errors.New("the login was refused")

// logIn reads the login and answers it. only: the encryption ends with it.
func (s *session) logIn(only bool) error {
	m, err := s.packets.read()
	if err != nil {
		return err
	}
	if m.kind != typeLogin {
		return fmt.Errorf("message of type %#x instead of a login", m.kind)
	}
	l, err := parseLogin(m.data)
	if err != nil {
		return err
	}
	l.Encrypted = s.secured
	s.login = l
	s.note(func(c *Connection) {
		c.Login = &l
		if c.TLS != nil {
			c.TLS.LoginOnly = only
		}
	})
	if only {
		s.packets.rw = s.raw
	}
	if err := s.at(OnLogin); err != nil {
		return err
	}
	answer, err := s.enter()
	if err != nil {
		return err
	}
	return s.greet(answer)
}

// enter decides about the login, and counts the session in if it is let in.
func (s *session) enter() (LoginAnswer, error) {
	o := s.server.Options()
	var answer LoginAnswer
	if o.Login != nil {
		answer = o.Login(s.login) // without the lock: it may use the server
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.down {
		return answer, errClosed
	}
	if o.Login == nil {
		others := 0
		for other := range s.server.sessions {
			if other.loggedIn {
				others++
			}
		}
		answer = o.decide(s.login, others)
	}
	s.loggedIn = answer.Route == nil && !slices.ContainsFunc(answer.Messages, Message.isError)
	return answer, nil
}

// greet sends the answer. An error ends the connection.
func (s *session) greet(answer LoginAnswer) error {
	var b []byte
	for _, m := range answer.Messages {
		b = appendMessage(b, m)
	}
	if slices.ContainsFunc(answer.Messages, Message.isError) {
		b = appendDone(b, tokenDone, doneError, 0, 0)
		return errors.Join(s.packets.reply(typeReply, b), errRefused)
	}
	database, known := s.server.Options().database(s.login.Database)
	if !known { // none was asked for, or Options.Login let it in
		database = orDefault(s.login.Database, "master")
	}
	size := defaultPacketSize
	if asked := int(s.login.PacketSize); asked >= 512 && asked <= 0x7fff { // MS-TDS, "LOGIN7", PacketSize
		size = asked
	}
	b = append(b, appendWelcome(nil, s.login, database, size)...)
	if answer.Route != nil {
		b = appendRoute(b, *answer.Route)
	}
	b = appendDone(b, tokenDone, 0, 0, 0)
	if err := s.packets.reply(typeReply, b); err != nil {
		return err
	}
	s.packets.size = size
	if answer.Route != nil {
		return fmt.Errorf("the client was sent on to %s:%d", answer.Route.Host, answer.Route.Port)
	}
	s.note(func(c *Connection) { c.LoggedIn = true })
	return nil
}
