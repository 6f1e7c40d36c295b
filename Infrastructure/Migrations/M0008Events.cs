using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Who listens to events, and what changed since when.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0008_events")]
public sealed class M0008Events : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0008_events.sql";
}
