# All stand-in images in one parallel build. Run by images.sh in a staged copy of this folder, where machine/ is added.

variable "STAND_IN_HASH" { default = "" }

group "default" {
  targets = ["postgres", "valkey", "node", "busybox", "caddy", "registry", "glitchtip"]
}

target "stand-in" {
  args     = { BASE = "glitchtip-compose/base:latest" }
  contexts = { scripts = "scripts", machine = "machine" }
  labels   = { "glitchtip-compose.stand-in" = STAND_IN_HASH }
}

target "postgres" {
  inherits = ["stand-in"]
  context  = "postgres"
  tags     = ["postgres:18"]
}

target "valkey" {
  inherits = ["stand-in"]
  context  = "valkey"
  tags     = ["valkey/valkey:9"]
}

target "node" {
  inherits = ["stand-in"]
  context  = "node"
  tags     = ["node:24-slim"]
}

target "busybox" {
  inherits = ["stand-in"]
  context  = "busybox"
  tags     = ["busybox:1"]
}

target "caddy" {
  inherits = ["stand-in"]
  context  = "caddy"
  tags     = ["caddy:2"]
}

target "registry" {
  inherits = ["stand-in"]
  context  = "registry"
  tags     = ["registry:2"]
}

target "glitchtip" {
  name     = "glitchtip-${replace(release.generation, ".", "-")}"
  inherits = ["stand-in"]
  context  = "glitchtip"
  contexts = { node = "target:node" }
  matrix = {
    release = [
      { tag = "v5.1.1", version = "5.1.1", generation = "5.1", major = "5", port = "8080", migrations = "2" },
      { tag = "5.2.1", version = "5.2.1", generation = "5.2", major = "5", port = "8080", migrations = "3" },
      { tag = "6", version = "6.2.6", generation = "6", major = "6", port = "8000", migrations = "4" },
    ]
  }
  args = {
    VERSION    = release.version
    GENERATION = release.generation
    MAJOR      = release.major
    PORT       = release.port
    MIGRATIONS = release.migrations
  }
  tags = ["glitchtip/glitchtip:${release.tag}"]
}
