package db

import (
	"net"
	"time"
)

// A database that was cut off, or whose address another server has taken over, says nothing. Without these limits a query would wait for it for a
// quarter of an hour.
const (
	dialTime    = 3 * time.Second // for a connection
	silenceTime = 5 * time.Second // until the other side must have confirmed what was sent to it
)

var dialer = net.Dialer{
	Timeout:         dialTime,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silenceTime, Interval: time.Second, Count: 3},
	Control:         limitSilence,
}
