# A static binary, without cgo, in an empty image.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make linienfunk && mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/linienfunk /linienfunk
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV LINIENFUNK_DATA=/data
VOLUME /data
EXPOSE 8080 2525
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/linienfunk", "healthcheck"]
ENTRYPOINT ["/linienfunk"]
