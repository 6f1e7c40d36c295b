using System.Net.Sockets;
using System.Security.Authentication;

namespace Messaging.Infrastructure.Outbound;

/// <summary>Says in a few words why a request got no answer.</summary>
public static class RequestErrors
{
    /// <summary>The reason, as the end of a sentence.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        null => throw new ArgumentNullException(nameof(exception)),
        { InnerException: RefusedAddressException refused } => refused.Message,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its host name can't be resolved",
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } =>
            "its host name can't be resolved",
        { InnerException: SocketException socket } => $"no connection: {socket.Message}",
        { InnerException: AuthenticationException tls } => $"no TLS connection: {tls.Message}",
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            "the connection ended before the whole answer was there",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => $"this is no HTTP answer: {exception.Message}",
        _ => exception.InnerException?.Message ?? exception.Message,
    };
}
