#include "proto/wire/kinds.h"
