using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Http;

/// <summary>Reads what the headers of an upload say of the file.</summary>
internal static class UploadHeaders
{
    /// <summary>Either the file or what is wrong.</summary>
    public static (NewFile? File, Problem? Problem) Read(HttpRequest request, IList<string> allowed)
    {
        var encoding = request.Headers.ContentEncoding;
        if (!StringValues.IsNullOrEmpty(encoding) && !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase))
            return (null, Problems.UnsupportedMediaType($"Content-Encoding '{Problems.Short(encoding.ToString())}' is not supported: send the file as it is."));
        var mediaType = request.ContentType ?? FileResponses.UnknownType;
        if (!MediaTypeHeaderValue.TryParse(mediaType, out var parsed))
            return (null, Problems.UnsupportedMediaType($"Content-Type '{Problems.Short(mediaType)}' is no media type."));
        if (!FileResponses.CanBeSent(parsed.ToString()))
        {
            return (null, Problems.UnsupportedMediaType(
                $"Content-Type '{Problems.Short(mediaType)}' has characters that no answer could have in its header: send visible ASCII (RFC 9110, section 8.3.1)."));
        }

        if (parsed.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase))
            return (null, Problems.UnsupportedMediaType("Send the file itself as the body, not a form: with curl, --data-binary @file."));
        if (allowed.Count > 0 && !allowed.Any(a => MediaTypeHeaderValue.TryParse(a, out var set) && parsed.IsSubsetOf(set)))
            return (null, Problems.UnsupportedMediaType($"Files of type '{Problems.Short(mediaType)}' are not taken here; {string.Join(", ", allowed)} are."));
        var (sha256, problem) = Digests.Read(request);
        return problem is null ? (new NewFile(parsed.ToString(), ReadName(request), null, sha256, request.ContentLength), null) : (null, problem);
    }

    /// <summary>The name in <c>Content-Disposition</c> (RFC 6266), without folders and control characters; null if there is none.</summary>
    private static string? ReadName(HttpRequest request)
    {
        if (!ContentDispositionHeaderValue.TryParse(request.Headers.ContentDisposition.ToString(), out var disposition))
            return null;
        var given = disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName);
        var name = string.Concat((given.Value ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)));
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        return name.Length == 0 ? null : name[..Math.Min(name.Length, FileResponses.LongestName)];
    }
}
