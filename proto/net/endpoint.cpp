#include "proto/net/socket.h"
